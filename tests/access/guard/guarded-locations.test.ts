import { describe, expect, test } from "vitest";
import { admin, anonymous, caller, createGraph, outcome, signedIn } from "../guarded-graph.ts";

const rootValue = {
  open: "open",
  field: "field",
  object: { name: "object" },
  objects: [{ name: "first" }, { name: "second" }],
  node: { __typename: "Plain", id: "1" },
  secret: "secret",
  secrets: ["one", "two"],
  level: "HIGH",
  child: { inner: { hidden: "hidden", open: "open" } },
};
const graph = createGraph(
  `
  type Query {
    open: String
    field: String @authenticated
    object: Guarded
    objects: [Guarded!]
    node: Node
    secret: Secret
    secrets: [Secret!]
    level: Level
    child: Child
    nested: Guarded @requiresScopes(scopes: [["nested"]])
  }
  type Guarded @authenticated { name: String }
  interface Node @authenticated { id: ID }
  type Plain implements Node { id: ID }
  scalar Secret @authenticated
  enum Level @authenticated { LOW HIGH }
  type Child { inner: Inner }
  type Inner { open: String hidden: String @authenticated }
`,
  { rootValue },
);

describe("a requirement guards wherever it stands", () => {
  const locations: [location: string, query: string, path: string[], coordinate: string][] = [
    ["on a field", "{ field }", ["field"], "Query.field"],
    ["on the field's object type", "{ object { name } }", ["object"], "Query.object"],
    ["on the object type of a list", "{ objects { name } }", ["objects"], "Query.objects"],
    ["on the field's interface", "{ node { id } }", ["node"], "Query.node"],
    ["on the field's scalar", "{ secret }", ["secret"], "Query.secret"],
    ["on the scalar of a list", "{ secrets }", ["secrets"], "Query.secrets"],
    ["on the field's enum", "{ level }", ["level"], "Query.level"],
    ["on a nested field", "{ child { inner { hidden } } }", ["child", "inner", "hidden"], "Inner.hidden"],
    ["on __typename of an object type", "{ object { __typename } }", ["object"], "Query.object"],
  ];
  test.each(locations)("%s, for anonymous callers", async (_location, query, path, coordinate) => {
    const { denied } = await outcome(graph.run(query, anonymous));
    expect(denied).toEqual([{ path, code: "UNAUTHENTICATED", reason: "missing", coordinate, directive: "authenticated" }]);
  });
  test.each(locations)("%s, and lets signed-in callers through", async (_location, query) => {
    const { data, denied } = await outcome(graph.run(query, signedIn));
    expect(denied).toEqual([]);
    expect(JSON.stringify(data)).not.toContain("null");
  });
  test.each([
    ["an alias", "{ x: field }", ["x"]],
    ["an inline fragment", "{ ... { field } }", ["field"]],
    ["a typed fragment", "{ ... on Query { field } }", ["field"]],
    ["a named fragment", "{ ...F } fragment F on Query { y: field }", ["y"]],
    ["a nested named fragment", "{ child { ...F } } fragment F on Child { inner { ... on Inner { z: hidden } } }", ["child", "inner", "z"]],
    ["a variable include", "query ($v: Boolean = true) { field @include(if: $v) }", ["field"]],
  ])("whatever way is taken to it: %s", async (_way, query, path) => {
    expect((await outcome(graph.run(query, anonymous))).denied).toMatchObject([{ path, code: "UNAUTHENTICATED" }]);
  });
  test("and leaves its siblings alone", async () => {
    const { data } = await outcome(graph.run("{ open field child { inner { open hidden } } }", anonymous));
    expect(data).toEqual({ open: "open", field: null, child: { inner: { open: "open", hidden: null } } });
  });
  test("but not where the field is skipped", async () => {
    expect((await outcome(graph.run("{ open field @skip(if: true) }", anonymous))).denied).toEqual([]);
  });
  test("but not where its type is only that of an argument", async () => {
    const find = createGraph("type Query { find(level: Level): Int } enum Level @authenticated { LOW }", { rootValue: { find: 1 } });
    expect((await outcome(find.run("{ find(level: LOW) }", anonymous))).data).toEqual({ find: 1 });
  });
  test("with one error per denied selection", async () => {
    const { denied } = await outcome(graph.run("{ a: field b: field }", anonymous));
    expect(denied.map(({ path }) => path)).toEqual([["a"], ["b"]]);
  });
});

describe("the requirements of field, parent and return type add up", () => {
  const summed = createGraph(
    `
    type Query { account: Account @hasRole(roles: ["staff", "admin"]) }
    type Account @authenticated { balance: Money @requiresScopes(scopes: [["a", "b"], ["c"]]) }
    scalar Money @requiresScopes(scopes: [["d"], ["e"]])
  `,
    { rootValue: { account: { balance: 7 } } },
  );
  const required = [
    ["c", "d"],
    ["c", "e"],
    ["a", "b", "d"],
    ["a", "b", "e"],
  ];
  const staff = (...scopes: string[]) => caller({ roles: ["staff"], scopes });

  test.each([
    ["c", "d"],
    ["c", "e"],
    ["a", "b", "d"],
    ["a", "b", "e"],
  ])("%s %s %s is enough", async (...scopes) => {
    expect((await outcome(summed.run("{ account { balance } }", staff(...scopes.filter(Boolean))))).data).toEqual({
      account: { balance: 7 },
    });
  });
  test.each<[scopes: string[], missing: string[]]>([
    [["c"], ["d"]],
    [["d"], ["c"]],
    [["a", "e"], ["c"]],
    [["a", "b"], ["d"]],
    [[], ["c", "d"]],
  ])("%s is not, and the error says what is missing", async (scopes, missing) => {
    const { denied } = await outcome(summed.run("{ account { balance } }", staff(...scopes)));
    const path = ["account", "balance"];
    expect(denied).toEqual([{ path, code: "FORBIDDEN", coordinate: "Account.balance", directive: "requiresScopes", required, missing }]);
  });
  test("a missing role is FORBIDDEN with the roles that would do", async () => {
    const { denied } = await outcome(summed.run("{ account { balance } }", signedIn));
    const facts = { coordinate: "Query.account", directive: "hasRole", required: [["staff"], ["admin"]], missing: ["staff"] };
    expect(denied).toEqual([{ path: ["account"], code: "FORBIDDEN", ...facts }]);
  });
  test("any one of the roles is enough", async () => {
    expect((await outcome(summed.run("{ account { __typename } }", admin))).data).toEqual({ account: { __typename: "Account" } });
  });
  test("an anonymous caller hears the reason, also where only a role is asked for", async () => {
    const { denied } = await outcome(summed.run("{ account { balance } }", { reason: "expired" }));
    expect(denied).toMatchObject([{ code: "UNAUTHENTICATED", reason: "expired", coordinate: "Query.account" }]);
  });
});

test("a renamed directive guards like the one it renames", async () => {
  const renamed = createGraph(
    `
    directive @link(url: String, as: String, import: [LinkImport]) repeatable on SCHEMA
    scalar LinkImport
    directive @loggedIn on FIELD_DEFINITION
    schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [{ name: "@authenticated", as: "@loggedIn" }]) { query: Query }
    type Query { me: String @loggedIn }
  `,
    { rootValue: { me: "me" } },
  );
  expect((await outcome(renamed.run("{ me }", anonymous))).denied).toMatchObject([{ code: "UNAUTHENTICATED" }]);
  expect((await outcome(renamed.run("{ me }", signedIn))).data).toEqual({ me: "me" });
});
