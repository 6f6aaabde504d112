import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";

const directives = `directive @hasRole(roles: [String!]!) on FIELD_DEFINITION | OBJECT directive @key(selectionSet: String!) on OBJECT
  directive @merge(keyField: String, keyArg: String) on FIELD_DEFINITION`;

let prices: ServedGraph;
let taxes: ServedGraph;
let gateway: TestGateway;

/** The section of a `gateway.yaml`. */
function upstreamsYaml(): string {
  const upstreams = [prices, taxes].map(
    ({ url }, index) => `  - { name: ${["prices", "taxes"][index]}, url: "${url}", sdl: { query: _sdl } }\n`,
  );
  return `upstreams:\n${upstreams.join("")}`;
}

beforeAll(async () => {
  prices = await serveGraph({
    server: "yoga",
    sdl: `${directives} type Query { items: [Item!]! itemsById(ids: [ID!]!): [Item]! @merge(keyField: "id") _sdl: String! }
      type Item @key(selectionSet: "{ id }") { id: ID! name: String cost: Int @hasRole(roles: ["admin"]) weight: Int }`,
    resolvers: { Query: { items: () => [{ id: "1", name: "pen", cost: 9, weight: 3 }] } },
  });
  taxes = await serveGraph({
    server: "apollo",
    sdl: `${directives} input ItemKey { id: ID! cost: Int weight: Int }
      type Query { taxed(keys: [ItemKey!]!): [Item]! @merge(keyArg: "keys") _sdl: String! }
      type Item @key(selectionSet: "{ id cost weight }") { id: ID! told: String }`,
    resolvers: {
      Query: {
        taxed: (_: unknown, { keys }: { keys: { cost: number; weight: number }[] }) =>
          keys.map((key) => ({ ...key, told: `cost is ${key.cost}` })),
      },
    },
  });
  gateway = await startTestGateway({ gatewayYaml: upstreamsYaml() });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([prices?.close(), taxes?.close()]);
});

test("a field that a guarded one is told for is guarded with it, and nobody is asked", async () => {
  prices.calls.splice(0);
  taxes.calls.splice(0);
  const { data, errors, text } = await gateway.post({ query: "{ items { name told } }" });
  expect(data).toEqual({ items: [{ name: "pen", told: null }] });
  expect(errors).toMatchObject([{ path: ["items", 0, "told"], extensions: { code: "UNAUTHENTICATED", coordinate: "Item.told" } }]);
  expect(text).not.toContain("cost is");
  expect(taxes.calls).toEqual([]);
  expect(prices.calls.map(({ query }) => query).join()).not.toContain("cost");
});

test("whoever may see the key may see what is told for it", async () => {
  const admin = await gateway.registerAdmin();
  const { data, errors } = await gateway.post({ query: "{ items { name told } }" }, { token: admin.accessToken });
  expect(errors).toEqual([]);
  expect(data).toEqual({ items: [{ name: "pen", told: "cost is 9" }] });
});

test("so is a key that an operator's rule guards; what a graph says of its own type stays open", async () => {
  const ruled = await startTestGateway({
    gatewayYaml: `${upstreamsYaml()}access: { rules: { Item.weight: { roles: [boss] } } }\n`,
  });
  const admin = await ruled.registerAdmin();
  const { data, errors } = await ruled.post({ query: "{ items { name cost told } }" }, { token: admin.accessToken });
  expect(data).toEqual({ items: [{ name: "pen", cost: 9, told: null }] });
  expect(errors).toMatchObject([{ extensions: { code: "FORBIDDEN", coordinate: "Item.told", missing: ["boss"] } }]);
  await ruled.close();
});

test("what the default closes does not close what is open beside a key", async () => {
  const closed = await startTestGateway({
    gatewayYaml: `${upstreamsYaml()}access: { default: authenticated, rules: { Query.items: public, Item.name: public } }\n`,
  });
  expect((await closed.post({ query: "{ items { name } }" })).data).toEqual({ items: [{ name: "pen" }] });
  await closed.close();
});
