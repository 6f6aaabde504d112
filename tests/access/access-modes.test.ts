import { graphqlSync, print } from "graphql";
import { describe, expect, test } from "vitest";
import { explainAccess } from "../../src/access/explain-access.ts";
import { rejectDenied, reportDenials } from "../../src/access/forwarded/access-modes.ts";
import { completeResult } from "../../src/access/forwarded/complete-result.ts";
import { cutNothing, cutOperation } from "../../src/access/forwarded/cut-operation.ts";
import { printAccess } from "../../src/access/print-access.ts";
import { mergeRequirements } from "../../src/access/requirements/merge-requirements.ts";
import { AuthError } from "../../src/core/errors.ts";
import { createOutsideGraph, operationOf, shown, unfit } from "./forwarded/guarded-answers.ts";
import { anonymous, signedIn } from "./guarded-graph.ts";

const graph = createOutsideGraph(`
  type Query { open: Int closed: Int @authenticated items: [Item] }
  interface Item { title: String }
  type Post implements Item { title: String @hasRole(roles: ["admin", "staff"]) }
  type Draft implements Item @requiresScopes(scopes: [["drafts", "more"], ["all"]]) { title: String }
`);
const rootValue = {
  open: 1,
  closed: 2,
  items: [
    { __typename: "Post", title: "p" },
    { __typename: "Draft", title: "d" },
  ],
};
const query = "{ open closed items { ... on Post { title } } }";
const { sources } = mergeRequirements([{ name: "shop", schema: graph.schema, requirements: graph.access.table }]);

function reject(text: string, variableValues: Record<string, unknown> = {}) {
  const request = operationOf(text);
  return rejectDenied(cutOperation(graph.access, { ...request, caller: anonymous }), { ...request, schema: graph.schema, variableValues });
}

describe("an operation that is refused for any denial", () => {
  test("answers every denial, and no data", () => {
    const result = reject(query);
    expect(result).not.toHaveProperty("data");
    expect(result?.errors?.map(({ originalError }) => originalError instanceof AuthError && originalError.facts)).toMatchObject([
      { coordinate: "Query.closed" },
      { coordinate: "Post.title" },
    ]);
  });
  test("is executed where nothing is denied", () => {
    expect(reject("{ open }")).toBeUndefined();
  });
  test("tells where each would have stood", () => {
    const aliased = "{ mine: closed items { ... on Post { heading: title } } }";
    expect(reject(aliased)?.errors?.map(({ path }) => path)).toEqual([["mine"], ["items", "heading"]]);
  });
  test.each<[string, string, Record<string, unknown>, string[]]>([
    ["written out", "{ open closed @include(if: false) }", {}, []],
    ["by a variable", "query($on: Boolean!) { open closed @include(if: $on) }", { on: false }, []],
    ["by a variable that includes it", "query($on: Boolean!) { open closed @include(if: $on) }", { on: true }, ["closed"]],
    ["by a default", "query($off: Boolean = true) { open ... @skip(if: $off) { closed } }", {}, []],
    ["around a fragment", "query($off: Boolean!) { open ...F @skip(if: $off) } fragment F on Query { closed }", { off: true }, []],
    [
      "of one of two spreads",
      "query($off: Boolean!) { ...F @skip(if: $off) ...F } fragment F on Query { closed }",
      { off: true },
      ["closed"],
    ],
  ])("does not count what a condition leaves out: %s", (_name, text, variableValues, paths) => {
    expect((reject(text, variableValues)?.errors ?? []).map(({ path }) => path?.join("."))).toEqual(paths);
  });
});

describe("a dry run", () => {
  const request = operationOf(query);
  const whole = cutNothing(graph.access, request);
  const result = graphqlSync({ schema: graph.schema, source: whole.document === undefined ? "" : print(whole.document), rootValue });
  test("answers everything", () => {
    expect(shown(completeResult(whole, { unfit }, result))).toEqual({
      data: { open: 1, closed: 2, items: [{ title: "p" }, {}] },
      errors: [],
    });
  });
  test("reports what would have been denied, where and why", () => {
    const report = (by: typeof anonymous) => reportDenials(cutOperation(graph.access, { ...request, caller: by }), {}, result);
    expect(report(signedIn)).toEqual([
      {
        path: ["items", 0, "title"],
        code: "FORBIDDEN",
        coordinate: "Post.title",
        directive: "hasRole",
        required: [["admin"], ["staff"]],
        missing: ["admin"],
      },
      {
        path: ["items", 1],
        code: "FORBIDDEN",
        coordinate: "Draft",
        directive: "requiresScopes",
        required: [["drafts", "more"], ["all"]],
        missing: ["all"],
      },
    ]);
    expect(report(anonymous).map(({ path }) => path.join("."))).toEqual(["closed", "items.0.title", "items.1"]);
  });
});

describe("an explanation", () => {
  test("says for each selected coordinate what it needs, who asks for it and what is missing", () => {
    const explained = explainAccess(graph.access, sources, {
      ...operationOf("query { closed ...F } fragment F on Query { items { title ... on Post { title } } } query B { open }"),
      as: signedIn,
    });
    expect(explained.map(({ coordinate, denial }) => [coordinate, denial?.code])).toEqual([
      ["Query.closed", undefined],
      ["Query.items", undefined],
      ["Draft", "FORBIDDEN"],
      ["Item.title", "FORBIDDEN"],
      ["Post.title", "FORBIDDEN"],
    ]);
    expect(
      explained.find(({ coordinate }) => coordinate === "Item.title")?.sources.map(({ source, coordinate }) => [source, coordinate]),
    ).toEqual([
      ["shop", "Post.title"],
      ["shop", "Draft"],
    ]);
    expect(explained[1]).toMatchObject({ requirement: undefined, sources: [] });
  });
});

test("the lockfile has a line for every field, guarded or not, whatever order the schema has", () => {
  expect(printAccess(graph.access, sources)).toBe(
    `Draft.title  scopes:all|drafts+more  shop
Item.title  scopes:all|drafts+more roles:admin|staff  shop
Post.title  roles:admin|staff  shop
Query.closed  authenticated  shop
Query.items  public
Query.open  public
`,
  );
});

test("the lockfile does not change with the order in which a graph or several write their alternatives", () => {
  const [one, other] = [
    ['roles: ["b", "a"]', 'scopes: [["y", "x"], ["a", "b"]]'],
    ['roles: ["a", "b"]', 'scopes: [["b", "a"], ["x", "y"]]'],
  ].map(([roles, scopes]) => {
    const { access } = createOutsideGraph(`type Query { a: Int @hasRole(${roles}) @requiresScopes(${scopes}) }`);
    return printAccess(access, new Map());
  });
  expect(one).toBe("Query.a  scopes:a+b|x+y roles:a|b\n");
  expect(other).toBe(one);
});

test.each([
  ["a line of its own", "staff\\nQuery.b  public", String.raw`roles:"staff\nQuery.b  public"`],
  ["two alternatives", "a|b", 'roles:"a|b"'],
  ["two names that are both needed", "a+b", 'roles:"a+b"'],
  ["a column", "staff  shop", 'roles:"staff  shop"'],
  ["a command to a terminal", "\\u009b2J\\u001b[2J", String.raw`roles:"\u009b2J\u001b[2J"`],
  ["a string", '\\"a\\"', String.raw`roles:"\"a\""`],
])("a role does not pass for %s in the lockfile", (_case, role, shownRole) => {
  const { access } = createOutsideGraph(`type Query { a: Int @hasRole(roles: ["${role}"]) }`);
  expect(printAccess(access, new Map())).toBe(`Query.a  ${shownRole}\n`);
});
