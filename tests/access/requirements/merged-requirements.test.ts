import { buildSchema, parse } from "graphql";
import { describe, expect, test } from "vitest";
import { type AccessPolicies, type AccessRule, applyPolicies } from "../../../src/access/requirements/access-policies.ts";
import { coverRequiredFields } from "../../../src/access/requirements/cover/cover-required-fields.ts";
import { readRequiredFields } from "../../../src/access/requirements/cover/required-fields.ts";
import { describeRequirement } from "../../../src/access/requirements/describe-requirement.ts";
import {
  keepPresent,
  type MergedRequirements,
  mergeRequirements,
  type Subschema,
} from "../../../src/access/requirements/merge-requirements.ts";
import { readRequirements } from "../../../src/access/requirements/read-requirements.ts";
import { RequirementsError } from "../../../src/access/requirements/requirement-table.ts";
import { directiveDefinitions } from "../guarded-graph.ts";

const federationDefinitions = `
  directive @requires(fields: String) on FIELD_DEFINITION
  directive @pulls(fields: String) on FIELD_DEFINITION
  directive @computed(selectionSet: String) on FIELD_DEFINITION
  directive @join__field(graph: String, requires: String) repeatable on FIELD_DEFINITION
  directive @external on FIELD_DEFINITION
  directive @link(url: String, as: String, import: [Import]) repeatable on SCHEMA
  scalar Import
`;
const schemaOf = (sdl: string) => buildSchema(directiveDefinitions + federationDefinitions + sdl);
const subschema = (name: string, sdl: string): Subschema => ({ name, schema: schemaOf(sdl), requirements: readRequirements(parse(sdl)) });
const pulling = (name: string, sdl: string) => ({ ...subschema(name, sdl), required: readRequiredFields(parse(sdl)) });

/** Everything that is guarded, in words. */
function words({ table }: MergedRequirements): Record<string, string> {
  return Object.fromEntries(
    [...table.types, ...table.fields].map(([coordinate, requirement]) => [coordinate, describeRequirement(requirement)]),
  );
}
function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
  } catch (error) {
    if (error instanceof RequirementsError) return error.problems;
    throw error;
  }
  return [];
}

describe("requirements of several graphs", () => {
  test("on one coordinate are all needed, as a product without supersets", () => {
    const merged = mergeRequirements([
      subschema("a", 'type Query { a: T } type T @authenticated { x: Int @requiresScopes(scopes: [["a", "b"], ["c"]]) }'),
      subschema("b", 'type Query { b: T } type T @hasRole(roles: ["admin"]) { x: Int @requiresScopes(scopes: [["d"], ["e"]]) }'),
    ]);
    expect(words(merged)).toEqual({ T: "roles:admin", "T.x": "scopes:c+d|c+e|a+b+d|a+b+e" });
    expect(merged.sources.get("T.x")?.map(({ source }) => source)).toEqual(["a", "b"]);
  });
  test("are neither lost nor weakened whichever comes last", () => {
    const guarded = subschema("guarded", "type Query { t: T @authenticated } type T { x: Int @authenticated }");
    const open = subschema("open", "type Query { t: T } type T { x: Int }");
    for (const order of [
      [guarded, open],
      [open, guarded],
    ])
      expect(words(mergeRequirements(order))).toEqual({ "Query.t": "authenticated", "T.x": "authenticated" });
  });
  test("on a root type guard the root fields of the graph that states them, and no other's", () => {
    const merged = mergeRequirements([
      subschema(
        "mine",
        'type Query { mine: Int } extend type Query @authenticated { more: Int } type Mutation @hasRole(roles: ["admin"]) { change: Int }',
      ),
      subschema("theirs", "type Query { theirs: Int } type Mutation { other: Int }"),
    ]);
    expect(words(merged)).toEqual({ "Query.mine": "authenticated", "Query.more": "authenticated", "Mutation.change": "roles:admin" });
    expect(merged.sources.get("Query.more")).toMatchObject([{ source: "mine", via: "Query" }]);
  });
  test("on a root type of another name are those of the composed one", () => {
    const merged = mergeRequirements([
      subschema("own", 'schema { query: Root } type Root @authenticated { a: Int b: Int @hasRole(roles: ["admin"]) }'),
    ]);
    expect(words(merged)).toEqual({ "Query.a": "authenticated", "Query.b": "roles:admin" });
  });
  test("on what their own graph lacks stop the start, as do products of too many", () => {
    const lost: Subschema = {
      ...subschema("a", "type Query { a: Int }"),
      requirements: readRequirements(parse("type Gone @authenticated { a: Int }")),
    };
    expect(problemsOf(() => mergeRequirements([lost]))).toEqual(["Gone: the schema has no such type"]);
    const wide = (name: string) =>
      subschema(name, `type Query { a: Int @hasRole(roles: [${Array.from({ length: 40 }, (_, n) => `"${name}${n}"`)}]) }`);
    expect(problemsOf(() => mergeRequirements([wide("a"), wide("b")]))).toEqual([expect.stringMatching(/^Query\.a: .*1600/)]);
  });
  test("are left out where composing took the field away", () => {
    const merged = mergeRequirements([
      subschema(
        "a",
        "type Query { a: Int @authenticated _entities: Int @authenticated } type Gone @authenticated { x: Int @authenticated }",
      ),
    ]);
    expect(words(keepPresent(merged, schemaOf("type Query { a: Int toString: Int }")))).toEqual({ "Query.a": "authenticated" });
  });
});

describe("an operator's policies", () => {
  const own = subschema("auth", "type Query { me: User } type User { id: ID email: String @authenticated }");
  const upstream = subschema(
    "shop",
    `type Query { shop: Shop report: Int @hasRole(roles: ["staff"]) } interface Named { name: String }
    type Shop implements Named { name: String cost: Int } type User { id: ID orders: [Shop] } enum E { A }`,
  );
  const schema = schemaOf(`type Query { me: User shop: Shop report: Int } interface Named { name: String }
    type Shop implements Named { name: String cost: Int } type User { id: ID email: String orders: [Shop] } enum E { A }`);
  const apply = (rules: Record<string, AccessRule>, byDefault: AccessPolicies["default"] = "public") =>
    applyPolicies(
      mergeRequirements([own, upstream]),
      { default: byDefault, rules: new Map(Object.entries(rules)) },
      { schema, upstreams: [upstream], own: [own] },
    );
  const admin = { authenticated: false, roles: [["admin"]] };
  const given = { "User.email": "authenticated", "Query.report": "roles:staff" };

  test("add to what is guarded already", () => {
    expect(words(apply({ "Shop.cost": admin, "Query.report": { authenticated: true, scopes: [["r"]] } }))).toEqual({
      ...given,
      "Shop.cost": "roles:admin",
      "Query.report": "scopes:r roles:staff",
    });
    expect(
      apply({ "Query.report": admin })
        .sources.get("Query.report")
        ?.map(({ source }) => source),
    ).toEqual(["shop", "policy"]);
  });
  test("for all fields of a type hold where a field has none of its own", () => {
    expect(words(apply({ "Shop.*": admin, "Shop.name": "public" }))).toEqual({ ...given, "Shop.cost": "roles:admin" });
    expect(words(apply({ "Query.*": admin }))).toEqual({
      ...given,
      "Query.me": "roles:admin",
      "Query.shop": "roles:admin",
      "Query.report": "roles:staff+admin",
    });
  });
  test("close whatever upstreams have and nothing guards, by default, and nothing of graphs that guard themselves", () => {
    expect(words(apply({}, "authenticated"))).toEqual({
      ...given,
      "Query.shop": "authenticated",
      "Named.name": "authenticated",
      "Shop.name": "authenticated",
      "Shop.cost": "authenticated",
      "User.orders": "authenticated",
    });
  });
  test("open what the default closes, never what a graph guards", () => {
    const opened = words(apply({ "Query.*": "public", "Shop.*": "public", "Named.*": "public", "User.*": "public" }, "authenticated"));
    expect(opened).toEqual(given);
    expect(words(apply({ "Query.report": "public", "User.email": "public" }))).toEqual(given);
  });
  test("for coordinates that do not exist stop the start, all at once", () => {
    const problems = problemsOf(() =>
      apply({ "Query.gone": admin, "Gone.*": "public", "E.*": admin, "Shop.toString": admin, Shop: admin, "Shop.cost": admin }),
    );
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["Query.gone", "Gone.*", "E.*", "Shop.toString", "Shop"]);
  });
  test("leave what was merged as it was", () => {
    const merged = mergeRequirements([own, upstream]);
    applyPolicies(
      merged,
      { default: "authenticated", rules: new Map([["Query.report", admin]]) },
      { schema, upstreams: [upstream], own: [own] },
    );
    expect(words(merged)).toEqual(given);
  });
});

describe("a field that pulls others needs what they need", () => {
  const cover = (...graphs: ReturnType<typeof pulling>[]) => words(coverRequiredFields(mergeRequirements(graphs), graphs));
  const prices = subschema(
    "prices",
    'type Query { p: Product } type Product { cost: Money @hasRole(roles: ["admin"]) owner: Owner } type Owner ' +
      '@authenticated { id: ID tax: Int @requiresScopes(scopes: [["tax"]]) } scalar Money',
  );
  const withPrices = (sdl: string) => {
    const graph = pulling("stock", sdl);
    return words(coverRequiredFields(mergeRequirements([prices, graph]), [graph]));
  };
  const product = (directive: string) => `type Query { s: Product } scalar Money
    type Product { cost: Money @external owner: Owner @external margin: Int ${directive} } type Owner { id: ID tax: Int @external }`;
  test.each([
    ["by @requires", '@requires(fields: "cost")', "roles:admin"],
    ["in nested sets, types included", '@requires(fields: "owner { id }")', "authenticated"],
    ["in nested sets", '@requires(fields: "owner { tax } cost")', "scopes:tax roles:admin"],
    ["by @computed", '@computed(selectionSet: "{ cost }")', "roles:admin"],
    ["by a supergraph's join", '@join__field(graph: "A", requires: "cost") @join__field(graph: "B")', "roles:admin"],
    ["in inline fragments", '@requires(fields: "... on Product { cost }")', "roles:admin"],
  ])("%s", (_name, directive, needed) => {
    expect(withPrices(product(directive))["Product.margin"]).toBe(needed);
  });
  test.each([
    [
      "imported under another name",
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: [{ name: "@requires", as: "@pulls" }])',
      '@pulls(fields: "cost")',
    ],
    [
      "of a renamed join specification",
      'extend schema @link(url: "https://specs.apollo.dev/join/v0.3", as: "j")',
      '@j__field(requires: "cost")',
    ],
    ["namespaced", 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", as: "f")', '@f__requires(fields: "cost")'],
  ])("by a directive %s", (_name, link, directive) => {
    const sdl = `${link} type Query { s: Product } type Product { cost: Int margin: Int ${directive} }`;
    expect([...readRequiredFields(parse(sdl)).keys()]).toEqual(["Product.margin"]);
  });
  test("transitively, over graphs, in circles", () => {
    const a = pulling("a", 'type Query { a: T } type T { x: Int @authenticated y: Int @requires(fields: "x") }');
    const b = pulling(
      "b",
      'type Query { b: T } type T { y: Int @external z: Int @requires(fields: "y") w: Int @requires(fields: "v") v: Int ' +
        '@requires(fields: "w z") }',
    );
    expect(cover(a, b)).toEqual({
      "T.x": "authenticated",
      "T.y": "authenticated",
      "T.z": "authenticated",
      "T.w": "authenticated",
      "T.v": "authenticated",
    });
  });
  test("on interfaces, from every implementor", () => {
    const graph = pulling(
      "a",
      'type Query { a: T } type T { i: I x: Int @requires(fields: "i { id }") } interface I { id: ID } type P ' +
        "implements I { id: ID @authenticated }",
    );
    expect(cover(graph)["T.x"]).toBe("authenticated");
  });
  test("and says where that comes from", () => {
    const graph = pulling("stock", product('@requires(fields: "cost")'));
    expect(coverRequiredFields(mergeRequirements([prices, graph]), [graph]).sources.get("Product.margin")).toMatchObject([
      { source: "stock", via: "Product.cost" },
    ]);
  });
  test("or stops the start where the field set cannot be read", () => {
    expect(
      problemsOf(() => readRequiredFields(parse('type T { x: Int @requires(fields: "a {") y: Int @requires(fields: "}") }'))),
    ).toHaveLength(2);
  });
});
