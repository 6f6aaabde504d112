import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import type { ServedGraph } from "../support/graphs/served-graph.ts";
import { serveInventory, serveShipping } from "../support/graphs/subgraphs.ts";

let inventory: ServedGraph;
let shipping: ServedGraph;
let gateway: TestGateway;

beforeAll(async () => {
  inventory = await serveInventory();
  shipping = await serveShipping();
  gateway = await startTestGateway({
    gatewayYaml:
      `upstreams:\n  - { name: inventory, url: "${inventory.url}", sdl: { query: _service } }\n  - { name: shipping, url: ` +
      `"${shipping.url}", sdl: { query: _service } }\nroles: { packer: { scopes: [] } }\n`,
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([inventory?.close(), shipping?.close()]);
});

test("entities are joined across subgraphs and the auth graph", async () => {
  const ada = await gateway.register();
  const { data, errors } = await gateway.post({ query: "{ me { email items { name eta } } }" }, { token: ada.accessToken });
  expect(errors).toEqual([]);
  expect(data).toEqual({
    me: {
      email: ada.user.email,
      items: [
        { name: "item 1", eta: "tomorrow" },
        { name: "item 2", eta: "tomorrow" },
      ],
    },
  });
});

test("a field that requires a protected one is protected with it", async () => {
  const ada = await gateway.register();
  inventory.calls.splice(0);
  const denied = await gateway.post({ query: "{ items { name postage } }" }, { token: ada.accessToken });
  expect(denied.errors).toMatchObject([{ extensions: { code: "FORBIDDEN", coordinate: "Item.postage" } }]);
  expect(inventory.calls.map(({ query }) => query).join()).not.toContain("weight");
  await gateway.database.sql`update users set roles = '{user,packer}' where id = ${ada.user.id}`;
  const packer = await gateway.login(ada.user.email);
  const allowed = await gateway.post({ query: "{ items { name postage } }" }, { token: packer.accessToken });
  expect(allowed.errors).toEqual([]);
  expect(allowed.data).toEqual({
    items: [
      { name: "item 1", postage: 3 },
      { name: "item 2", postage: 6 },
    ],
  });
});
