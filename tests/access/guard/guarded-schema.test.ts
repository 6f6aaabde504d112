import { getDirective, printSchemaWithDirectives } from "@graphql-tools/utils";
import { buildSchema, execute, executeSync, GraphQLObjectType, type GraphQLSchema, parse } from "graphql";
import { describe, expect, test, vi } from "vitest";
import { guardSchema } from "../../../src/access/guard/guard-schema.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { RequirementsError } from "../../../src/access/requirements/requirement-table.ts";
import { anonymous, createGraph, outcome, signedIn } from "../guarded-graph.ts";

const fieldsOf = (schema: GraphQLSchema, typeName: string) => {
  const type = schema.getType(typeName);
  return type instanceof GraphQLObjectType ? type.getFields() : {};
};

describe("a guarded schema", () => {
  const sdl = `
    type Query { open: Int closed: Int @authenticated item: Item plain: Plain }
    interface Item { id: ID other: Int }
    type A implements Item { id: ID other: Int }
    type B implements Item { id: ID @authenticated other: Int }
    interface Plain { id: ID }
    type C implements Plain { id: ID }`;
  const resolver = () => 1;
  const graph = createGraph(sdl, { rootValue: { closed: 1, item: { __typename: "A", id: 1 } }, resolvers: { "Query.open": resolver } });

  test("leaves unguarded fields and abstract types as they were", () => {
    expect(fieldsOf(graph.schema, "Query").open?.resolve).toBe(resolver);
    expect(fieldsOf(graph.schema, "A").other?.resolve).toBeUndefined();
    expect(fieldsOf(graph.schema, "C").id?.resolve).toBeUndefined();
    expect(graph.schema.getType("Plain")).toMatchObject({ resolveType: undefined });
    expect(graph.schema.getType("Item")).toMatchObject({ resolveType: undefined });
    expect(fieldsOf(graph.schema, "Query").open?.subscribe).toBeUndefined();
  });
  test("is a copy: the schema it was made from stays open", async () => {
    expect(fieldsOf(graph.unguarded, "Query").closed?.resolve).toBeUndefined();
    const result = execute({ schema: graph.unguarded, document: parse("{ closed }"), rootValue: { closed: 1 } });
    expect((await outcome(result)).data).toEqual({ closed: 1 });
  });
  test("still says what guards it", () => {
    expect(printSchemaWithDirectives(graph.schema)).toBe(printSchemaWithDirectives(graph.unguarded));
    const field = fieldsOf(graph.schema, "Query").closed;
    expect(field && getDirective(graph.schema, field, "authenticated")).toEqual([{}]);
  });
  test.each([
    ["permitted", "{ open closed item { id } }", signedIn],
    ["denied", "{ open closed item { id } }", anonymous],
    ["denied on an abstract type", "{ item { __typename id } }", anonymous],
  ])("answers synchronously where its resolvers do: %s", (_name, query, by) => {
    expect(graph.run(query, by)).not.toBeInstanceOf(Promise);
  });
  test("asks who is calling at every guarded field and nowhere else", () => {
    const callerOf = vi.fn(() => signedIn);
    const schema = guardSchema(graph.unguarded, readRequirements(parse(sdl)), callerOf);
    executeSync({ schema, document: parse("{ open plain { id } }"), rootValue: {} });
    expect(callerOf).not.toHaveBeenCalled();
    executeSync({ schema, document: parse("{ open closed }"), rootValue: {} });
    expect(callerOf).toHaveBeenCalledTimes(1);
  });
  test("denies where nobody can tell who is calling", async () => {
    for (const callerOf of [() => JSON.parse("null"), () => JSON.parse("{}").caller.roles]) {
      const schema = guardSchema(graph.unguarded, readRequirements(parse(sdl)), callerOf);
      const { data, errors } = await execute({ schema, document: parse("{ closed }"), rootValue: { closed: 1 } });
      expect([data?.closed, errors?.length]).toEqual([null, 1]);
    }
  });
  test("works on objects whose values are functions and keeps their arguments", async () => {
    const functions = createGraph("type Query { echo(x: Int = 2): Int @authenticated }", {
      rootValue: { echo: ({ x }: { x: number }) => x },
    });
    expect((await outcome(functions.run("{ echo a: echo(x: 3) }", signedIn))).data).toEqual({ echo: 2, a: 3 });
  });

  test.each([
    ["a type", "type Query { a: Int } type Gone @authenticated { a: Int }", "Gone: the schema has no such type"],
    ["a field", "type Query { a: Int gone: Int @authenticated }", "Query.gone: the schema has no such field"],
    ["a field of a prototype's name", "type Gone { toString: Int @authenticated }", "Gone.toString: the schema has no such field"],
  ])("refuses requirements on what it does not have: %s", (_name, wanted, problem) => {
    const guard = () => guardSchema(buildSchema("type Query { a: Int }"), readRequirements(parse(wanted)), () => anonymous);
    expect(guard).toThrow(RequirementsError);
    expect(guard).toThrow(problem);
  });
  test("refuses requirements that combine to more than can be enforced, with the field", () => {
    const roles = (prefix: string) => `@hasRole(roles: [${Array.from({ length: 40 }, (_, n) => `"${prefix}${n}"`)}])`;
    const wide = `type Query { a: T ${roles("a")} } type T ${roles("b")} { a: Int }`;
    expect(() => createGraph(wide)).toThrow(/Query\.a: .*1600 alternatives/);
  });
});
