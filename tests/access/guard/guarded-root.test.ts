import { buildSchema, execute, Kind, parse } from "graphql";
import { describe, expect, test } from "vitest";
import type { Caller } from "../../../src/access/denials.ts";
import { denyRootTypename } from "../../../src/access/guard/guarded-root.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { anonymous, createGraph, directiveDefinitions, outcome, signedIn } from "../guarded-graph.ts";

const sdl = `
  type Query implements Root @authenticated { a: Int self: Query payload: Payload }
  interface Root { a: Int }
  interface Other { b: Int }
  type Sub implements Other { b: Int }
  type Mutation { change: Payload }
  type Payload { query: Query }
  union AnyRoot = Query | Sub`;
const schema = buildSchema(directiveDefinitions + sdl);
const table = readRequirements(parse(sdl));
const graph = createGraph(sdl, { rootValue: { a: 1, self: { a: 1 }, payload: { query: {} }, change: { query: { a: 1 } } } });

function ask(query: string, caller: Caller, variableValues?: Record<string, unknown>) {
  const document = parse(query);
  const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
  if (operation === undefined) throw new Error("The test's document has no operation.");
  return denyRootTypename({ schema, table, document, operation, variableValues, caller });
}

describe("a guarded root type's __typename", () => {
  test.each([
    ["by itself", "{ __typename }", ["__typename"]],
    ["under an alias", "{ x: __typename }", ["x"]],
    ["beside permitted and denied fields", "{ a __typename }", ["__typename"]],
    ["in an inline fragment", "{ ... { __typename } }", ["__typename"]],
    ["in a fragment on the type", "{ ... on Query { __typename } }", ["__typename"]],
    ["in a fragment on its interface", "{ ... on Root { __typename } }", ["__typename"]],
    ["in a fragment on a union of it", "{ ... on AnyRoot { __typename } }", ["__typename"]],
    ["in nested named fragments", "{ ...A } fragment A on Query { ...B } fragment B on Query { y: __typename }", ["y"]],
    ["in fragments that go in circles", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A y: __typename }", ["y"]],
    ["included", "{ __typename @include(if: true) @skip(if: false) }", ["__typename"]],
    ["included by a variable's default", "query ($v: Boolean = true) { __typename @include(if: $v) }", ["__typename"]],
    ["in an operation of several", "query A { __typename } query B { a }", ["__typename"]],
  ])("is denied %s", async (_name, query, path) => {
    const result = ask(query, anonymous);
    expect(result?.data).toBeNull();
    const facts = { code: "UNAUTHENTICATED", reason: "missing", coordinate: "Query.__typename", directive: "authenticated" };
    expect((await outcome(result ?? {})).denied).toEqual([{ path, ...facts }]);
    expect(result?.errors?.[0]?.locations).not.toEqual([]);
  });
  test("is denied where a spread is skipped once and taken once", async () => {
    const query = "{ ...A @skip(if: true) ...A } fragment A on Query { __typename }";
    expect(ask(query, anonymous)?.data).toBeNull();
  });
  test("is one error per response key", async () => {
    const { denied } = await outcome(ask("{ a: __typename a: __typename b: __typename }", anonymous) ?? {});
    expect(denied.map(({ path }) => path)).toEqual([["a"], ["b"]]);
  });
  test.each([
    ["skipped", "{ a __typename @skip(if: true) }", undefined],
    ["not included", "query ($v: Boolean!) { a __typename @include(if: $v) }", { v: false }],
    ["in a skipped fragment", "{ a ... @skip(if: true) { __typename } }", undefined],
    ["in a fragment on another type", "{ a ... on Other { __typename } }", undefined],
    ["that of another object", "{ payload { __typename } }", undefined],
    ["the name of a fragment", "{ ...__typename } fragment __typename on Query { a }", undefined],
    [
      "of an operation whose variables do not fit, which execution reports",
      "query ($v: Boolean!) { __typename @include(if: $v) }",
      { v: "x" },
    ],
    ["the unguarded mutation type's", "mutation { __typename }", undefined],
    ["of a root type that the schema does not have", "subscription { __typename }", undefined],
  ])("is not at stake where it is %s", (_name, query, variableValues) => {
    expect(ask(query, anonymous, variableValues)).toBeUndefined();
  });
  test("is there for a caller who meets the requirement", () => {
    expect(ask("{ __typename }", signedIn)).toBeUndefined();
  });
  test("costs one look-up where no root type is guarded", () => {
    const document = parse("{ __typename }");
    const untouchable = new Proxy(document, { get: () => expect.unreachable() });
    const operation = new Proxy(parse("{ a }").definitions[0] as never, {
      get: (node, key) => (key === "operation" ? "query" : expect.unreachable(`${String(node)}`)),
    });
    const open = { types: new Map(), fields: new Map() };
    expect(denyRootTypename({ schema, table: open, document: untouchable, operation, caller: anonymous })).toBeUndefined();
  });
});

describe("a guarded root type", () => {
  test("guards each of its fields", async () => {
    const { data, denied } = await outcome(graph.run("{ a b: a self { a } }", anonymous));
    expect(data).toEqual({ a: null, b: null, self: null });
    expect(denied.map(({ path }) => path)).toEqual([["a"], ["b"], ["self"]]);
  });
  test("is guarded where another type leads to it", async () => {
    expect((await outcome(graph.run("mutation { change { query { __typename } } }", anonymous))).data).toEqual({ change: { query: null } });
  });
  test("leaves the other root types open", async () => {
    expect((await outcome(graph.run("mutation { change { __typename } }", anonymous))).data).toEqual({ change: { __typename: "Payload" } });
  });
  test("by an extension, in the SDL that has it only", () => {
    const [mine, theirs] = [
      readRequirements(parse("extend type Query @authenticated { a: Int }")),
      readRequirements(parse("type Query { b: Int }")),
    ];
    expect([mine.types.has("Query"), theirs.types.has("Query")]).toEqual([true, false]);
  });
  test("would show its __typename without the check: graphql-js answers it", () => {
    expect(execute({ schema: graph.schema, document: parse("{ __typename }"), contextValue: { caller: anonymous } })).toMatchObject({
      data: { __typename: "Query" },
    });
  });
});
