import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";

const directives = `
directive @hasRole(roles: [String!]!) on OBJECT | FIELD_DEFINITION | INTERFACE | SCALAR | ENUM
directive @key(selectionSet: String!) on OBJECT
directive @merge(keyField: String) on FIELD_DEFINITION
directive @computed(selectionSet: String!) on FIELD_DEFINITION
`;

let products: ServedGraph;
let taxes: ServedGraph;
let gateway: TestGateway;

beforeAll(async () => {
  const product = { id: "1", name: "one", cost: 10, maker: { account: 4 } };
  products = await serveGraph({
    server: "yoga",
    sdl: `${directives}
      type Query { products: [Product!]! productsById(ids: [ID!]!): [Product]! @merge(keyField: "id") _sdl: String! }
      type Product @key(selectionSet: "{ id }") { id: ID! name: String cost: Int @hasRole(roles: ["buyer"]) maker: Maker }
      type Maker { account: Int @hasRole(roles: ["clerk"]) }`,
    resolvers: { Query: { products: () => [product], productsById: () => [product] } },
  } as never);
  // As stitching has it: what is pulled is no field of this graph's own `Product`.
  taxes = await serveGraph({
    server: "yoga",
    sdl: `${directives}
      type Query { taxed(keys: [ProductKey!]!): [Product]! @merge _sdl: String! }
      input ProductKey { id: ID! cost: Int maker: MakerKey }
      input MakerKey { account: Int }
      type Product @key(selectionSet: "{ id }") {
        id: ID!
        tax: Float @computed(selectionSet: "{ cost }")
        fee: Float @computed(selectionSet: "{ maker { account } }")
        duty: Float
      }`,
    resolvers: {
      Query: {
        taxed: (_: unknown, { keys }: { keys: { id: string; cost?: number; maker?: { account: number } }[] }) =>
          keys.map(({ id, cost = 0, maker }) => ({ id, tax: cost / 5, fee: maker?.account, duty: 1 })),
      },
    },
  } as never);
  const graphs = Object.entries({ products, taxes });
  const upstreams = graphs.map(([name, { url }]) => `  - { name: ${name}, url: "${url}", sdl: { query: _sdl } }\n`);
  gateway = await startTestGateway({
    gatewayYaml: `upstreams:\n${upstreams.join("")}roles: { buyer: { scopes: [] }, clerk: { scopes: [] } }\n`,
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([products?.close(), taxes?.close()]);
});

async function ask(role: string, query: string) {
  const { user } = await gateway.register();
  await gateway.database.sql`update users set roles = ${["user", role]} where id = ${user.id}`;
  const { accessToken: token } = await gateway.login(user.email);
  for (const { calls } of [products, taxes]) calls.splice(0);
  const { data, errors } = await gateway.post({ query }, { token });
  const sent = [...products.calls, ...taxes.calls].map(({ query: text }) => text).join();
  return { data, sent, coordinates: errors.map(({ extensions }) => [extensions.coordinate, extensions.missing]) };
}

test("what is computed from a guarded field of another graph is guarded with it, and neither is asked for", async () => {
  const query = "{ products { name tax fee duty } }";
  const buyer = await ask("buyer", query);
  expect(buyer.data).toEqual({ products: [{ name: "one", tax: 2, fee: null, duty: 1 }] });
  expect(buyer.coordinates).toEqual([["Product.fee", ["clerk"]]]);
  expect(buyer.sent).not.toMatch(/maker|account|fee/);
  const clerk = await ask("clerk", query);
  expect(clerk.data).toEqual({ products: [{ name: "one", tax: null, fee: 4, duty: 1 }] });
  expect(clerk.coordinates).toEqual([["Product.tax", ["buyer"]]]);
  expect(clerk.sent).not.toMatch(/cost|tax\b/);
});
