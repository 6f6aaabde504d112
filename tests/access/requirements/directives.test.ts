import { printSchemaWithDirectives } from "@graphql-tools/utils";
import {
  buildSchema,
  GraphQLInt,
  GraphQLObjectType,
  GraphQLSchema,
  parse,
  printSchema,
  specifiedDirectives,
  validateSchema,
} from "graphql";
import { describe, expect, test } from "vitest";
import {
  authenticatedDirective,
  hasRoleDirective,
  requiresScopesDirective,
  scopeScalar,
} from "../../../src/access/requirements/directives.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { directiveDefinitions } from "../guarded-graph.ts";

const directives = [authenticatedDirective, requiresScopesDirective, hasRoleDirective];
const query = new GraphQLObjectType({ name: "Query", fields: { a: { type: GraphQLInt } } });
const schema = new GraphQLSchema({ query, directives: [...specifiedDirectives, ...directives] });

const definitions = (of: GraphQLSchema) => {
  const withoutDescriptions = printSchema(of).replaceAll(/^"""[\s\S]*?"""$/gm, "");
  return withoutDescriptions
    .split("\n\n")
    .map((definition) => definition.trim())
    .toSorted();
};

describe("the access directives", () => {
  test("are those of the public contract", () => {
    const contract = buildSchema(`${directiveDefinitions} type Query { a: Int }`);
    expect(definitions(schema)).toEqual(definitions(contract));
  });
  test("make a valid schema", () => {
    expect(validateSchema(schema)).toEqual([]);
  });
  test("can be read from the SDL of a schema that declares them", () => {
    expect(readRequirements(parse(printSchemaWithDirectives(schema)))).toEqual({ types: new Map(), fields: new Map() });
  });
  test("are described", () => {
    expect([...directives, scopeScalar].filter(({ description }) => !description)).toEqual([]);
  });
  test("take scopes that are strings only", () => {
    expect(scopeScalar.parseValue("users:read")).toBe("users:read");
    expect(() => scopeScalar.parseValue(1)).toThrow("A scope is a string.");
  });
});
