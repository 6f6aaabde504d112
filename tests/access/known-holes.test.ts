import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { describe, expect, test } from "vitest";
import { createGuardedSchema } from "../../src/access/forwarded/guarded-schema.ts";
import { readRequiredFields } from "../../src/access/requirements/cover/required-fields.ts";
import { describeRequirement } from "../../src/access/requirements/describe-requirement.ts";
import { mergeRequirements } from "../../src/access/requirements/merge-requirements.ts";
import { readRequirements } from "../../src/access/requirements/read-requirements.ts";
import { createOutsideGraph, shown } from "./forwarded/guarded-answers.ts";
import { anonymous, signedIn } from "./guarded-graph.ts";

describe("federation's _entities, cut", () => {
  const graph = createOutsideGraph(`
    type Query { _entities(representations: [_Any!]!): [_Entity]! }
    scalar _Any
    union _Entity = Account | Product
    type Account @authenticated { id: ID }
    type Product { id: ID cost: Int @requiresScopes(scopes: [["costs"]]) }`);
  const query = "query ($r: [_Any!]!) { _entities(representations: $r) { ... on Account { id } ... on Product { id cost } } }";
  test("is no way around to guarded types and fields", () => {
    expect(graph.sent(query, anonymous)).toBe(
      "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Product { id } } }",
    );
    const data = {
      _entities: [
        { __typename: "Account", id: "1" },
        { __typename: "Product", id: "2", cost: 3 },
      ],
    };
    expect(shown(graph.answer(query, anonymous, { result: { data } }))).toEqual({
      data: { _entities: [null, { id: "2", cost: null }] },
      errors: ["_entities.0 UNAUTHENTICATED", "_entities.1.cost UNAUTHENTICATED"],
    });
  });
});

describe("a permitted field", () => {
  const graph = createOutsideGraph(`
    type Query { item: Item }
    interface Item { child: Child! }
    type Open implements Item { child: Child! }
    type Closed implements Item { child: Child! @authenticated }
    type Child { a: Int! b: Int! }`);
  const rootValue = { item: { __typename: "Open", child: { a: 1, b: 2 } } };
  test.each([
    ["first", "{ item { ... on Open { child { a } } child { b } } }"],
    ["last", "{ item { child { b } ... on Open { child { a } } } }"],
    ["in a fragment", "{ item { ...F ...G } } fragment F on Item { child { b } } fragment G on Open { child { a } }"],
  ])("is not nulled by a denied sibling of the same response key: %s", (_name, query) => {
    expect(shown(graph.answer(query, anonymous, { rootValue }))).toEqual({ data: { item: { child: { a: 1, b: 2 } } }, errors: [] });
    const closed = { item: { ...rootValue.item, __typename: "Closed" } };
    expect(shown(graph.answer(query, anonymous, { rootValue: closed }))).toMatchObject({
      data: { item: null },
      errors: ["item.child UNAUTHENTICATED"],
    });
  });
});

test("an upstream that answers with an object of a type that was never fetched shows nothing of it", () => {
  const graph = createOutsideGraph(`
    type Query { item: Item } interface Item { id: ID }
    type Open implements Item { id: ID } type Secret implements Item { id: ID key: String @authenticated }`);
  const data = { item: { __typename: "Secret", key: "k", id: "1" } };
  const query = "{ item { ... on Open { id } ... on Secret { key } } }";
  expect(graph.sent(query, anonymous)).toBe("{ item { __typename ... on Open { id } } }");
  expect(shown(graph.answer(query, anonymous, { result: { data } }))).toEqual({
    data: { item: { key: null } },
    errors: ["item.key UNAUTHENTICATED"],
  });
});

describe("a supergraph", () => {
  const federation = (imports: string) =>
    `extend schema @link(url: "https://specs.apollo.dev/federation/v2.6", import: ["@key", "@external", "@requires", "@composeDirective", ${imports}])`;
  const composed = composeServices([
    {
      name: "prices",
      url: "http://prices",
      typeDefs: parse(`${federation('{ name: "@authenticated", as: "@loggedIn" }, "@requiresScopes"')}
        type Query { prices: [Product] @loggedIn }
        type Product @key(fields: "id") { id: ID! cost: Int @requiresScopes(scopes: [["costs"]]) }`),
    },
    {
      name: "stock",
      url: "http://stock",
      typeDefs: parse(`${federation('"@requiresScopes"')}
        @link(url: "https://example.com/auth/v1.0", import: [{ name: "@hasRole", as: "@role" }]) @composeDirective(name: "@role")
        directive @role(roles: [String!]!) on FIELD_DEFINITION | OBJECT
        type Query { stock: [Product] }
        type Product @key(fields: "id") { id: ID! cost: Int @external margin: Int @requires(fields: "cost")
        @requiresScopes(scopes: [["costs"]]) count: Int @role(roles: ["staff"]) }`),
    },
  ]);
  const sdl = composed.supergraphSdl ?? "";
  const table = readRequirements(parse(sdl));
  const needed = (coordinate: string) => describeRequirement(table.fields.get(coordinate));

  test("keeps renamed directives, and composed ones", () => {
    expect(composed.errors).toBeUndefined();
    expect(needed("Query.prices")).toBe("authenticated");
    expect(needed("Product.cost")).toBe("scopes:costs");
    expect(needed("Product.count")).toBe("roles:staff");
    expect(needed("Query.stock")).toBe("public");
  });
  test("says what is pulled", () => {
    expect([...readRequiredFields(parse(sdl)).keys()]).toEqual(["Product.margin"]);
  });
});

test("a requirement on one graph's extended root type does not leak onto another's root fields", () => {
  const whole = createOutsideGraph("type Query { mine: Int theirs: Int }");
  const parts = [
    ["mine", "type Query { mine: Int } extend type Query @authenticated"],
    ["theirs", "type Query { theirs: Int }"],
  ].map(([name = "", sdl = ""]) => ({ name, schema: createOutsideGraph(sdl).schema, requirements: readRequirements(parse(sdl)) }));
  const access = createGuardedSchema(whole.schema, mergeRequirements(parts).table);
  const type = whole.schema.getQueryType();
  expect(type && [access.requirements.ofField(type, "mine"), access.requirements.ofField(type, "theirs")]).toEqual([
    { authenticated: true },
    undefined,
  ]);
});

test("what a signed-in caller may see is there", () => {
  const graph = createOutsideGraph(
    "type Query { item: Item } interface Item { id: ID } type Closed implements Item @authenticated { id: ID }",
  );
  expect(shown(graph.answer("{ item { id } }", signedIn, { rootValue: { item: { __typename: "Closed", id: "1" } } }))).toEqual({
    data: { item: { id: "1" } },
    errors: [],
  });
});
