import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { RequirementsError } from "../../../src/access/requirements/requirement-table.ts";

const read = (sdl: string) => readRequirements(parse(sdl));
const federation = "https://specs.apollo.dev/federation/v2.5";

function problemsOf(sdl: string): readonly string[] {
  try {
    read(sdl);
  } catch (error) {
    if (error instanceof RequirementsError) return error.problems;
    throw error;
  }
  return [];
}

describe("requirements read from SDL", () => {
  test("are kept by type and by field, each location on its own", () => {
    const table = read(`
      type Query @authenticated { me: User @requiresScopes(scopes: [["a", "b"], ["c"]]) plain: Int }
      interface Node @hasRole(roles: ["x", "y"]) { id: ID @authenticated }
      type User { id: ID }
      scalar Secret @authenticated
      enum Level @requiresScopes(scopes: [["level"]]) { LOW }
    `);
    expect(Object.fromEntries(table.types)).toEqual({
      Query: { authenticated: true },
      Node: { authenticated: false, roles: [["x"], ["y"]] },
      Secret: { authenticated: true },
      Level: { authenticated: false, scopes: [["level"]] },
    });
    expect(Object.fromEntries(table.fields)).toEqual({
      "Query.me": { authenticated: false, scopes: [["a", "b"], ["c"]] },
      "Node.id": { authenticated: true },
    });
  });

  test("of several directives and of extensions of one location are all needed", () => {
    const table = read(`
      type Query { a: Int @requiresScopes(scopes: [["a", "b"], ["c"]]) @requiresScopes(scopes: [["d"], ["e"]]) @hasRole(roles: ["r"]) }
      type T @requiresScopes(scopes: [["x"]]) { a: Int }
      extend type T @authenticated
      extend type T @requiresScopes(scopes: [["y"]]) { b: Int @authenticated }
      extend interface I @authenticated
      extend scalar S @authenticated
      extend enum E @authenticated
    `);
    const scopes = [
      ["c", "d"],
      ["c", "e"],
      ["a", "b", "d"],
      ["a", "b", "e"],
    ];
    expect(table.fields.get("Query.a")).toEqual({ authenticated: false, scopes, roles: [["r"]] });
    expect(table.types.get("T")).toEqual({ authenticated: true, scopes: [["x", "y"]] });
    expect(table.fields.get("T.b")).toEqual({ authenticated: true });
    expect([...table.types.keys()]).toEqual(["T", "I", "S", "E"]);
  });

  test("are empty for a schema without any", () => {
    const table = read("type Query { a: Int @deprecated } input I { a: Int @other }");
    expect([table.types.size, table.fields.size]).toEqual([0, 0]);
  });
});

describe("every name of a directive guards", () => {
  const guardedBy = (schema: string, directive: string) => read(`${schema} type Query { a: Int ${directive} }`).fields.get("Query.a");
  test.each([
    ["bare without a link", "", "@authenticated"],
    ["bare, though not imported", `extend schema @link(url: "${federation}", import: ["@key"])`, "@authenticated"],
    ["imported", `extend schema @link(url: "${federation}", import: ["@authenticated"])`, "@authenticated"],
    ["renamed", `extend schema @link(url: "${federation}", import: [{ name: "@authenticated", as: "@loggedIn" }])`, "@loggedIn"],
    [
      "bare beside its rename",
      `extend schema @link(url: "${federation}", import: [{ name: "@authenticated", as: "@loggedIn" }])`,
      "@authenticated",
    ],
    [
      "renamed on the schema definition",
      `schema @link(url: "${federation}", import: [{ name: "@authenticated", as: "@in" }]) { query: Query }`,
      "@in",
    ],
    [
      "renamed through a slash at the end",
      `extend schema @link(url: "${federation}/", import: [{ name: "@authenticated", as: "@in" }])`,
      "@in",
    ],
    ["namespaced", `extend schema @link(url: "${federation}")`, "@federation__authenticated"],
    ["namespaced without a link", "", "@federation__authenticated"],
    ["namespaced under another name", `extend schema @link(url: "${federation}", as: "fed")`, "@fed__authenticated"],
    [
      "renamed where @link is renamed",
      `extend schema @l(url: "https://specs.apollo.dev/link/v1.0", as: "l") @l(url: "${federation}", import: [{ name: "@authenticated", as: "@in" }])`,
      "@in",
    ],
    [
      "a supergraph's own",
      `schema @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY) { query: Query }`,
      "@authenticated",
    ],
    [
      "a supergraph's renamed",
      `schema @link(url: "https://specs.apollo.dev/authenticated/v0.1", as: "in", for: SECURITY) { query: Query }`,
      "@in",
    ],
    [
      "a supergraph's renamed, with a slash at the end",
      `schema @link(url: "https://specs.apollo.dev/authenticated/v0.1/", as: "in", for: SECURITY) { query: Query }`,
      "@in",
    ],
    [
      "renamed in a document where the link comes last",
      "",
      `@in } extend schema @link(url: "${federation}", import: [{ name: "@authenticated", as: "@in" }]) type Other { a: Int`,
    ],
  ])("%s", (_name, schema, directive) => {
    expect(guardedBy(schema, directive)).toEqual({ authenticated: true });
  });

  test.each([
    [
      "@requiresScopes, renamed",
      `extend schema @link(url: "${federation}", import: [{ name: "@requiresScopes", as: "@needs" }])`,
      '@needs(scopes: [["s"]])',
      { authenticated: false, scopes: [["s"]] },
    ],
    [
      "@requiresScopes, namespaced",
      `extend schema @link(url: "${federation}")`,
      '@federation__requiresScopes(scopes: [["s"]])',
      { authenticated: false, scopes: [["s"]] },
    ],
    [
      "@hasRole, renamed from its own specification",
      `extend schema @link(url: "https://example.com/auth/v1.0", import: [{ name: "@hasRole", as: "@role" }])`,
      '@role(roles: ["r"])',
      { authenticated: false, roles: [["r"]] },
    ],
    [
      "@hasRole, namespaced by its own specification",
      `extend schema @link(url: "https://example.com/auth/v1.0")`,
      '@auth__hasRole(roles: ["r"])',
      { authenticated: false, roles: [["r"]] },
    ],
  ])("%s", (_name, schema, directive, requirement) => {
    expect(guardedBy(schema, directive)).toEqual(requirement);
  });

  test("a directive of the schema's own that only sounds alike is left to it", () => {
    expect(guardedBy("directive @Authenticated on FIELD_DEFINITION", "@Authenticated")).toBeUndefined();
  });

  test("links that have nothing to do with access are left alone", () => {
    const links = `@link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", for: EXECUTION)
      @link(url: "${federation}", import: ["@key", "Scope", "Policy", "@policy", { name: "@tag", as: "@label" }])
      @contact(name: "Team", url: "https://example.com")`;
    expect(problemsOf(`schema ${links} { query: Query } type Query { a: Int @label(name: "x") }`)).toEqual([]);
  });
});
