import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/shop.ts";

let shop: Shop;
let gateway: TestGateway;

beforeAll(async () => {
  shop = await openShop();
  gateway = await startTestGateway({ gatewayYaml: shop.yaml() });
});
afterAll(async () => {
  await gateway?.close();
  await shop?.close();
});
beforeEach(() => void shop.takeCalls());

test("an operation of one graph is forwarded whole", async () => {
  const { data, errors } = await gateway.post({ query: "query Q($n: Int) { products(first: $n) { id name price } }", variables: { n: 2 } });
  expect(errors).toEqual([]);
  expect(data).toEqual({
    products: [
      { id: "1", name: "product 1", price: 1.5 },
      { id: "2", name: "product 2", price: 3 },
    ],
  });
  expect(shop.takeCalls().map(({ graph }) => graph)).toEqual(["products"]);
});

test("an operation over several graphs", async () => {
  const { data, errors } = await gateway.post({
    query: "{ products { id name inStock reviews { body author { nickname } } } latestReviews { id product { name } } }",
  });
  expect(errors).toEqual([]);
  expect(data).toMatchObject({
    products: [{ id: "1", inStock: 10, reviews: [{ body: "review 1", author: { nickname: "nick-0001" } }] }, {}, {}],
  });
});

test("denied selections are cut", async () => {
  const { data, errors } = await gateway.post({ query: "{ products(first: 2) { name cost supplier { name } } margin }" });
  expect(data).toBeNull();
  expect(errors).toMatchObject([
    { path: ["products", 0, "cost"], extensions: { code: "UNAUTHENTICATED", coordinate: "Product.cost" } },
    { path: ["products", 0, "supplier"] },
    { path: ["margin"] },
  ]);
  const [call] = shop.takeCalls();
  expect(call?.query).not.toMatch(/cost|supplier|margin/);
});

test("the auth graph answers beside them", async () => {
  const ada = await gateway.register();
  const { data, errors } = await gateway.post(
    { query: "{ me { id email reviews { body } nickname } products { cost supplier { name account } } }" },
    { token: ada.accessToken },
  );
  expect(errors).toEqual([]);
  expect(data).toEqual({});
});
