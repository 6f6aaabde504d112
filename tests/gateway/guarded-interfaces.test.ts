import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type ServedGraph, serveGraph } from "../support/graphs/served-graph.ts";

const sdl = `
  directive @hasRole(roles: [String!]!) on FIELD_DEFINITION | OBJECT | INTERFACE
  type Query { node: Node products: [Product!]! staff: Staff people: [Person!]! }
  interface Node { id: ID! secret: String @hasRole(roles: ["admin"]) cost: Int }
  type Product implements Node { id: ID! secret: String cost: Int name: String }
  interface Staff @hasRole(roles: ["admin"]) { salary: Int }
  type Person implements Staff { salary: Int name: String }
`;
const product = { __typename: "Product", id: "1", secret: "SECRET", cost: 5, name: "one" };
const person = { __typename: "Person", salary: 7, name: "Ada" };

let folder: string;
let upstream: ServedGraph;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "guarded-interfaces-"));
  const file = join(folder, "products.graphql");
  await writeFile(file, sdl);
  upstream = await serveGraph({
    server: "yoga",
    sdl,
    resolvers: { Query: { node: () => product, products: () => [product], staff: () => person, people: () => [person] } },
  });
  gateway = await startTestGateway({
    gatewayYaml:
      `upstreams:\n  - { name: products, url: "${upstream.url}", sdl: { file: "${file}" } }\naccess: { rules: { ` +
      "Node.cost: { roles: [buyer] } } }\nroles: { buyer: { scopes: [] } }\n",
  });
});
afterAll(async () => {
  await gateway?.close();
  await upstream?.close();
  await rm(folder, { recursive: true, force: true });
});

test.each([
  ["a directive on its field", "Product.secret", "{ node { secret } }"],
  ["a directive on its field", "Product.secret", "{ node { ... on Product { secret } } }"],
  ["a directive on its field", "Product.secret", "{ products { name secret } }"],
  ["an operator's rule for its field", "Product.cost", "{ products { cost } }"],
  ["a directive on all of it", "Person.salary", "{ people { name salary } }"],
])("%s of an interface guards %s, whatever way leads there: %s", async (_what, coordinate, query) => {
  upstream.calls.length = 0;
  const { errors, text } = await gateway.post({ query });
  expect(errors.map(({ extensions }) => [extensions.code, extensions.coordinate])).toEqual([["UNAUTHENTICATED", coordinate]]);
  expect(text).not.toMatch(/SECRET|:5|:7/);
  const asked = upstream.calls.map(({ query: sent }) => sent).join();
  expect(asked).not.toContain(coordinate.split(".")[1]);
});

test("what the interface does not guard stays as it is, and whoever has the role sees the rest", async () => {
  const open = await gateway.post({ query: "{ products { name } people { name } }" });
  expect(open.data).toEqual({ products: [{ name: "one" }], people: [{ name: "Ada" }] });
  const { accessToken: token } = await gateway.registerAdmin();
  const query = "{ products { secret } node { ... on Product { secret } } people { salary } }";
  expect((await gateway.post({ query }, { token })).data).toEqual({
    products: [{ secret: "SECRET" }],
    node: { secret: "SECRET" },
    people: [{ salary: 7 }],
  });
});
