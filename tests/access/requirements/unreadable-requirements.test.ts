import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { RequirementsError } from "../../../src/access/requirements/requirement-table.ts";

const federation = "https://specs.apollo.dev/federation/v2.5";

const read = (sdl: string) => readRequirements(parse(sdl));

function problemsOf(sdl: string): readonly string[] {
  try {
    read(sdl);
  } catch (error) {
    if (error instanceof RequirementsError) return error.problems;
    throw error;
  }
  return [];
}

describe("whatever cannot be read stops the start", () => {
  const imports = (list: string) => `extend schema @link(url: "${federation}", import: ${list}) type Query { a: Int }`;
  test.each([
    ["no alternatives", "type Query { me: Int @requiresScopes(scopes: []) }", /^Query\.me: @requiresScopes\(scopes: \[\]\) .*empty/],
    [
      "an empty alternative",
      "type Query { me: Int @requiresScopes(scopes: [[]]) }",
      /^Query\.me: @requiresScopes\(scopes: \[\[\]\]\) .*empty/,
    ],
    ["an empty alternative beside another", 'type Query { me: Int @requiresScopes(scopes: [["a"], []]) }', /^Query\.me: .*empty/],
    ["an empty scope", 'type Query { me: Int @requiresScopes(scopes: [[""]]) }', /^Query\.me: .*scope/],
    ["a blank scope", 'type Query { me: Int @requiresScopes(scopes: [[" "]]) }', /^Query\.me: .*scope/],
    ["two scopes in one string", 'type Query { me: Int @requiresScopes(scopes: [["a b"]]) }', /^Query\.me: .*white space/],
    ["one level of list", 'type Query { me: Int @requiresScopes(scopes: ["a"]) }', /^Query\.me: .*list/],
    ["no list", 'type Query { me: Int @requiresScopes(scopes: "a") }', /^Query\.me: .*list/],
    ["three levels of list", 'type Query { me: Int @requiresScopes(scopes: [[["a"]]]) }', /^Query\.me: .*string/],
    ["null", "type Query { me: Int @requiresScopes(scopes: null) }", /^Query\.me: .*list/],
    ["null as an alternative", "type Query { me: Int @requiresScopes(scopes: [null]) }", /^Query\.me: .*list/],
    ["null as a scope", "type Query { me: Int @requiresScopes(scopes: [[null]]) }", /^Query\.me: .*string/],
    ["a number", "type Query { me: Int @requiresScopes(scopes: [[1]]) }", /^Query\.me: .*string/],
    ["an enum value", "type Query { me: Int @requiresScopes(scopes: [[ADMIN]]) }", /^Query\.me: .*string/],
    ["no argument", "type Query { me: Int @requiresScopes }", /^Query\.me: .*needs the argument `scopes`/],
    ["an unknown argument", 'type Query { me: Int @requiresScopes(scope: [["a"]]) }', /^Query\.me: .*no argument `scope`/],
    ["an argument too many", 'type Query { me: Int @requiresScopes(scopes: [["a"]], any: true) }', /^Query\.me: .*no argument `any`/],
    ["an argument twice", 'type Query { me: Int @requiresScopes(scopes: [["a"]], scopes: [["b"]]) }', /^Query\.me: .*more than once/],
    ["an argument on @authenticated", "type Query { me: Int @authenticated(if: false) }", /^Query\.me: .*no arguments/],
    ["no roles", "type Query { me: Int @hasRole(roles: []) }", /^Query\.me: .*empty/],
    ["an empty role", 'type Query { me: Int @hasRole(roles: [""]) }', /^Query\.me: .*role/],
    ["roles that are no list", 'type Query { me: Int @hasRole(roles: "admin") }', /^Query\.me: .*list/],
    ["roles in nested lists", 'type Query { me: Int @hasRole(roles: [["admin"]]) }', /^Query\.me: .*string/],
    ["somebody else's @hasRole", "type Query { me: Int @hasRole(role: ADMIN) }", /^Query\.me: .*no argument `role`/],
    [
      "more alternatives than can be enforced",
      `type T @requiresScopes(scopes: [${"[a],".repeat(1001).replaceAll("a", '"a"')}]) { a: Int }`,
      /^T: .*1000/,
    ],
    [
      "a product of too many",
      `type T @hasRole(roles: [${Array.from({ length: 50 }, (_, n) => `"a${n}"`)}]) { a: Int }
      extend type T @hasRole(roles: [${Array.from({ length: 50 }, (_, n) => `"b${n}"`)}])`,
      /^T: .*2500 alternatives/,
    ],
    ["a union", "union U @authenticated = A | B", /^U: @authenticated cannot stand on a union/],
    ["an extended union", "extend union U @authenticated", /^U: @authenticated cannot stand on a union/],
    ["an input object", "input In @authenticated { a: Int }", /^In: .*an input object/],
    ["an input field", "input In { a: Int @authenticated }", /^In\.a: .*input field/],
    ["an argument", "type Query { me(a: Int @authenticated): Int }", /^Query\.me\(a:\): .*an argument/],
    ["a directive's argument", "directive @d(a: Int @authenticated) on FIELD", /^@d\(a:\): .*an argument/],
    ["an enum value", "enum E { A @authenticated }", /^E\.A: .*an enum value/],
    ["the schema", "extend schema @authenticated", /^schema: @authenticated cannot stand on the schema/],
    [
      "a renamed directive on a union",
      `extend schema @link(url: "${federation}", import: [{ name: "@authenticated", as: "@in" }]) union U @in = A`,
      /^U: @in .*a union/,
    ],
    ["@policy", 'type Query { me: Int @policy(policies: [["p"]]) }', /^Query\.me: @policy.* not supported/],
    [
      "@policy, renamed",
      `extend schema @link(url: "${federation}", import: [{ name: "@policy", as: "@p" }]) type Query { me: Int @p(policies: [["p"]]) }`,
      /^Query\.me: @p\(.* not supported/,
    ],
    ["@policy, namespaced", 'type Query @federation__policy(policies: [["p"]]) { me: Int }', /^Query: @federation__policy.* not supported/],
    [
      "@policy, renamed in a supergraph",
      'schema @link(url: "https://specs.apollo.dev/policy/v0.1", as: "p") { query: Query } type Query @p(policies: [["p"]]) { me: Int }',
      /^Query: @p.* not supported/,
    ],
    ["a name in other letters", "type Query { me: Int @Authenticated }", /^Query\.me: @Authenticated .*guard nothing/],
    ["a name in the singular", 'type Query { me: Int @requiresScope(scopes: [["a"]]) }', /^Query\.me: @requiresScope\(.*guard nothing/],
    ["a namespace that nobody links", "type Query { me: Int @fed__authenticated }", /^Query\.me: @fed__authenticated .*guard nothing/],
    [
      "a namespace that nobody links, though the SDL defines the directive",
      "directive @acme__authenticated on FIELD_DEFINITION type Query { me: Int @acme__authenticated }",
      /^Query\.me: @acme__authenticated .*guard nothing/,
    ],
    ["an import that federation does not have", imports('["@hasRole"]'), /^schema: federation has no `@hasRole`/],
    ["an import in other letters", imports('["@Authenticated"]'), /^schema: federation has no `@Authenticated`/],
    ["an import without its @", imports('["authenticated"]'), /^schema: federation has no `authenticated`/],
    ["a rename without its @", imports('[{ name: "@authenticated", as: "loggedIn" }]'), /^schema: @link.*`@`/],
    [
      "a rename to another directive's name",
      imports('[{ name: "@authenticated", as: "@requiresScopes" }]'),
      /^schema: .*`@requiresScopes`/,
    ],
    ["something else under a directive's name", imports('[{ name: "@tag", as: "@authenticated" }]'), /^schema: .*`@authenticated`/],
    [
      "one name for two directives",
      imports('[{ name: "@authenticated", as: "@x" }, { name: "@policy", as: "@x" }]'),
      /^schema: `@x` would mean both/,
    ],
    ["an import that is no list", imports('"@authenticated"'), /^schema: @link.*`import` must be a list/],
    ["an import that is no name", imports("[1]"), /^schema: @link.*imports/],
    ["a rename that is no name", imports('[{ name: "@authenticated", as: 1 }]'), /^schema: @link.*imports/],
    ["a link without an address", 'extend schema @link(import: ["@authenticated"])', /^schema: @link.*`url`/],
    ["a namespace that is no name", `extend schema @link(url: "${federation}", as: 1)`, /^schema: @link.*`as`/],
  ])("%s", (_name, sdl, problem) => {
    expect(problemsOf(sdl)).toContainEqual(expect.stringMatching(problem));
  });

  test("with every problem at once, each with its coordinate", () => {
    const problems = problemsOf(`
      type Query @policy(policies: [["p"]]) { a: Int @requiresScopes(scopes: []) b: Int @authenticated c: Int @hasRole(roles: [""], x: 1) }
      union U @authenticated = Query
    `);
    expect(problems.map((problem) => problem.split(": ")[0])).toEqual(["Query", "Query.a", "Query.c", "Query.c", "U"]);
    expect(new RequirementsError(problems).message.split("\n")).toHaveLength(6);
  });
});
