import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { openShop, type Shop } from "../../support/graphs/shop.ts";

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

const asked = () => shop.takeCalls().map(({ graph }) => graph);

test("an operation that one graph can answer is sent to it as it is, once", async () => {
  const query = "query Q($n: Int) { first: products(first: $n) { ...P price } } fragment P on Product { id name }";
  const { data, errors } = await gateway.post({ query, variables: { n: 2 } });
  expect(errors).toEqual([]);
  expect(data).toEqual({
    first: [
      { id: "1", name: "product 1", price: 1.5 },
      { id: "2", name: "product 2", price: 3 },
    ],
  });
  expect(shop.takeCalls()).toMatchObject([{ graph: "products", query: expect.stringContaining("fragment P on Product") }]);
});

test("types of several graphs are one type, asked for in batches", async () => {
  const { data, errors } = await gateway.post({ query: "{ products { name inStock reviews { body author { nickname } } } }" });
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ products: [1, 2, 3].map((number) => ({ inStock: number * 10, reviews: [{ body: `review ${number}` }] })) });
  expect(asked()).toEqual(["products", "reviews", "stock"]);
});

test("what other graphs add to the user stands beside what the auth graph says", async () => {
  const ada = await gateway.register();
  const { data, errors } = await gateway.post({ query: "{ me { id email nickname } latestReviews { id } }" }, { token: ada.accessToken });
  expect(errors).toEqual([]);
  expect(data).toMatchObject({ me: { id: ada.user.id, email: ada.user.email, nickname: `nick-${ada.user.id.slice(-4)}` } });
});

test("another user's e-mail address is not to be had through a graph that knows their id", async () => {
  const [ada, eve] = await Promise.all([gateway.register(), gateway.register()]);
  const ask = (token: string) =>
    gateway.post({ query: `{ reviewerOf(id: "${ada.user.id}") { id email sessions { id } } latestReviews { id } }` }, { token });
  const own = await ask(ada.accessToken);
  expect(own.errors).toEqual([]);
  expect(own.data).toMatchObject({ reviewerOf: { email: ada.user.email } });
  const foreign = await ask(eve.accessToken);
  expect(foreign.text).not.toContain(ada.user.email);
  expect(foreign.errors).toMatchObject([{ extensions: { code: "FORBIDDEN" } }]);
});

test("mutations of an upstream pass, and those of the auth graph beside them stay its own", async () => {
  const ada = await gateway.register();
  const query = 'mutation { rename(id: "1", name: "new") { name inStock } }';
  expect((await gateway.post({ query })).errors).toMatchObject([{ path: ["rename"], extensions: { code: "UNAUTHENTICATED" } }]);
  expect(asked()).toEqual([]);
  expect((await gateway.post({ query }, { token: ada.accessToken })).data).toEqual({ rename: { name: "new", inStock: 10 } });
  expect(asked()).toEqual(["products", "stock"]);
});

test("operations of the auth graph alone reach no upstream", async () => {
  const ada = await gateway.register();
  const { data } = await gateway.post({ query: "{ me { email sessions { id } } }" }, { token: ada.accessToken });
  expect(data).toMatchObject({ me: { email: ada.user.email } });
  expect(asked()).toEqual([]);
});

test("introspection shows one schema, without what the graphs say to gateways only", async () => {
  const { data } = await gateway.post({
    query: '{ __schema { queryType { fields { name } } types { name } } __type(name: "Product") { fields { name } } }',
  });
  const { __schema: schema, __type: product } = data as unknown as {
    __schema: { queryType: { fields: { name: string }[] }; types: { name: string }[] };
    __type: { fields: { name: string }[] };
  };
  const fields = schema.queryType.fields.map(({ name }) => name);
  expect(fields).toEqual(expect.arrayContaining(["me", "products", "latestReviews", "warehouse"]));
  expect(fields.filter((name) => name.startsWith("_") || ["usersById", "sessionsById"].includes(name))).toEqual([]);
  expect(schema.types.map(({ name }) => name).filter((name) => /^_[A-Z]/.test(name))).toEqual([]);
  expect(product.fields.map(({ name }) => name)).toEqual(expect.arrayContaining(["cost", "reviews", "inStock"]));
  expect(asked()).toEqual([]);
});

test.each([
  "{ _sdl }",
  "{ usersById(ids: []) { id } }",
  '{ _entities(representations: [{ __typename: "User", id: "1" }]) { __typename } }',
])("%s is not there for clients", async (query) => {
  expect((await gateway.post({ query })).errors).toMatchObject([{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }]);
  expect(asked()).toEqual([]);
});

test("variables that do not fit reach no upstream", async () => {
  const { status, errors } = await gateway.post({ query: "query ($n: Int) { products(first: $n) { id } }", variables: { n: "two" } });
  expect({ status, errors }).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  expect(asked()).toEqual([]);
});

test("an alias that could pass for a type's name is refused", async () => {
  const { status, errors } = await gateway.post({ query: "{ products { __typename: name cost } }" });
  expect({ status, errors }).toMatchObject({ status: 400, errors: [{ extensions: { code: "BAD_USER_INPUT" } }] });
  expect(asked()).toEqual([]);
});
