import { afterAll, beforeAll, expect, test } from "vitest";
import { openSocket } from "../support/clients/live-socket.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";

let shop: Shop;
let gateway: TestGateway;

beforeAll(async () => {
  shop = await openShop();
  gateway = await startTestGateway({
    gatewayYaml: shop.yaml(),
    limits: "{ default: { max: 1000, window: 1m }, Query.product: { max: 1, window: 1m } }",
  });
});
afterAll(async () => {
  await gateway?.close();
  await shop?.close();
});

const query = "query Names($first: Int) { products(first: $first) { id name } }";
const data = { products: [{ id: "1", name: "product 1" }] };

test("the first answer to a document and all others are the same to the letter", async () => {
  const body = { query, variables: { first: 1 } };
  const [first, second] = [await gateway.post(body), await gateway.post(body)];
  expect(first.data).toEqual(data);
  expect(second.text).toBe(first.text);
  expect(second.headers.get("content-type")).toBe(first.headers.get("content-type"));
});

test("beside a root field that is called too soon, the rest of the answer is there, and the refusal too", async () => {
  const body = { query: "{ products(first: 1) { id name } product(id: 2) { id } }" };
  expect((await gateway.post(body)).data).toEqual({ ...data, product: { id: "2" } });
  const again = await gateway.post(body);
  expect(again.data).toEqual({ ...data, product: null });
  expect(again.errors).toMatchObject([{ path: ["product"], extensions: { code: "RATE_LIMITED" } }]);
});

test("over a WebSocket it is the same answer", async () => {
  const { accessToken } = await gateway.register();
  const live = await openSocket(gateway.url);
  await live.init({ authorization: `Bearer ${accessToken}` });
  expect(await live.ask(query, { first: 1 })).toMatchObject({ data, errors: [] });
  live.socket.close();
});
