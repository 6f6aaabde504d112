import { readFileSync } from "node:fs";
import { type DocumentNode, type FieldDefinitionNode, type InputValueDefinitionNode, parse, print, visit } from "graphql";
import { expect, test } from "vitest";
import { buildAuthGraph } from "../../src/graphql/schema.ts";
import { readDocument } from "../support/documents.ts";

const printed = readFileSync(new URL("../../schema/auth.graphql", import.meta.url), "utf8");
const contract = readFileSync(new URL("../contract/auth-graph.graphql", import.meta.url), "utf8");

/** What the contract promises and this version does not serve yet. Whoever builds one of these takes it off the list. */
const pending: string[] = [];

test("the files in schema/ are what the classes print (npm run schema)", async () => {
  const { sdl, gatewaySdl } = await buildAuthGraph();
  expect(sdl).toBe(printed);
  expect(gatewaySdl.federation).toBe(readDocument("schema/auth.federation.graphql"));
  expect(gatewaySdl.stitching).toBe(readDocument("schema/auth.stitching.graphql"));
});

test("the printed schema keeps the contract, but for what is listed as pending", () => {
  const promised = coordinates(parse(contract));
  const served = coordinates(parse(printed));
  const missing = [...promised].filter(([coordinate]) => !served.has(coordinate)).map(([coordinate]) => coordinate);
  expect(missing.filter((coordinate) => !isPartOf(coordinate, missing)).sort()).toEqual(pending);
  for (const [coordinate, type] of promised) {
    if (served.has(coordinate)) expect(`${coordinate} ${served.get(coordinate)}`).toBe(`${coordinate} ${type}`);
  }
});

/** Leaves out `UserEdge.node` where `UserEdge` is missing as a whole. */
function isPartOf(coordinate: string, missing: readonly string[]): boolean {
  return missing.some((owner) => coordinate.startsWith(`${owner}.`) || coordinate.startsWith(`${owner} `));
}

/** Everything that a client can rely on: coordinate → its type, or what defines it. */
function coordinates(document: DocumentNode): Map<string, string> {
  const found = new Map<string, string>();
  const addFields = (owner: string, fields: readonly (FieldDefinitionNode | InputValueDefinitionNode)[] = []) => {
    for (const field of fields) {
      const defaultValue = "defaultValue" in field && field.defaultValue ? ` = ${print(field.defaultValue)}` : "";
      found.set(`${owner}.${field.name.value}`, print(field.type) + defaultValue);
      for (const applied of field.directives ?? []) found.set(`${owner}.${field.name.value} @${applied.name.value}`, print(applied));
      if ("arguments" in field) addFields(`${owner}.${field.name.value}`, field.arguments);
    }
  };
  visit(document, {
    ScalarTypeDefinition: (node) => void found.set(node.name.value, "scalar"),
    EnumTypeDefinition: (node) =>
      void found.set(
        node.name.value,
        (node.values ?? [])
          .map((value) => value.name.value)
          .sort()
          .join(" "),
      ),
    DirectiveDefinition: (node) => {
      const parts = [
        ...(node.arguments ?? []).map((argument) => print(argument.type)),
        ...node.locations.map((location) => location.value),
      ];
      found.set(`@${node.name.value}`, parts.join(" "));
    },
    ObjectTypeDefinition: (node) => {
      found.set(node.name.value, "type");
      addFields(node.name.value, node.fields);
    },
    InputObjectTypeDefinition: (node) => {
      found.set(node.name.value, "input");
      addFields(node.name.value, node.fields);
    },
  });
  return found;
}
