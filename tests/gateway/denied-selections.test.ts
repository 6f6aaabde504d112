import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";

let shop: Shop;
let gateway: TestGateway;
const roles = 'roles: { buyer: { scopes: ["products:cost"] } }\n';

beforeAll(async () => {
  shop = await openShop();
  gateway = await startTestGateway({ gatewayYaml: shop.yaml() + roles });
});
afterAll(async () => {
  await gateway?.close();
  await shop?.close();
});
beforeEach(() => void shop.takeCalls());

/** A token of a new user with these roles. */
async function signIn(on: TestGateway, ...names: string[]): Promise<string> {
  const { user } = await on.register();
  await on.database.sql`update users set roles = ${["user", ...names]} where id = ${user.id}`;
  return (await on.login(user.email)).accessToken;
}

const sent = () =>
  shop
    .takeCalls()
    .map(({ query }) => query)
    .join("\n");

test("they are null with one error each, and the upstream never hears of them", async () => {
  const query = "{ products(first: 2) { name cost supplier { name account } again: cost } }";
  const { status, data, errors } = await gateway.post({ query });
  expect(status).toBe(200);
  const denied = { cost: null, supplier: null, again: null };
  expect(data).toEqual({
    products: [
      { name: "product 1", ...denied },
      { name: "product 2", ...denied },
    ],
  });
  expect(errors).toMatchObject([
    {
      path: ["products", 0, "cost"],
      extensions: { code: "UNAUTHENTICATED", reason: "missing", coordinate: "Product.cost", directive: "requiresScopes" },
    },
    { path: ["products", 0, "supplier"], extensions: { coordinate: "Product.supplier", directive: "authenticated" } },
    { path: ["products", 0, "again"], extensions: { coordinate: "Product.cost" } },
  ]);
  expect(sent()).not.toMatch(/cost|supplier|account/);
});

test("what a caller's roles and scopes allow is sent and answered", async () => {
  const buyer = await signIn(gateway, "buyer");
  const { data, errors } = await gateway.post(
    { query: "{ products(first: 1) { cost supplier { name account } } margin }" },
    { token: buyer },
  );
  expect(data).toEqual({ products: [{ cost: 0.9, supplier: null }], margin: 0.4 });
  expect(errors).toMatchObject([
    { path: ["products", 0, "supplier", "account"], extensions: { code: "FORBIDDEN", required: [["admin"]], missing: ["admin"] } },
  ]);
  expect(sent()).toMatch(/cost.*supplier/s);
  const admin = await signIn(gateway, "buyer", "admin");
  const whole = await gateway.post({ query: "{ products(first: 1) { cost supplier { name account } } margin }" }, { token: admin });
  expect(whole.errors).toEqual([]);
  expect(whole.data).toEqual({ products: [{ cost: 0.9, supplier: { name: "supplier 1", account: "account 1" } }], margin: 0.4 });
});

test("where everything is denied nobody is asked", async () => {
  const { data, errors } = await gateway.post({ query: "{ suppliers { name } warehouse { city } }" });
  expect(data).toBeNull();
  expect(errors).toHaveLength(2);
  expect(shop.takeCalls()).toEqual([]);
});

test("variables and fragments of denied selections stay here", async () => {
  const query =
    "query ($id: ID!, $name: String!) { product(id: $id) { ...P } } mutation Other { __typename } fragment P on Product " +
    "{ name ...S } fragment S on Product { supplier { ...A } } fragment A on Supplier { account }";
  const { data } = await gateway.post({
    query: query.replace(", $name: String!", "").replace(" mutation Other { __typename }", ""),
    variables: { id: "1", secret: "s3cret" },
  });
  expect(data).toEqual({ product: { name: "product 1", supplier: null } });
  const [call] = shop.products.calls;
  expect(call?.variables).toEqual({ id: "1" });
  expect(call?.query).not.toMatch(/fragment (S|A)|account/);
});

test("objects of a guarded type behind an interface are null, `__typename` included", async () => {
  const token = await signIn(gateway);
  const query = "{ warehouse { city places { __typename code ... on Vault { combination } } } }";
  const { data, errors, text } = await gateway.post({ query }, { token });
  expect(text).not.toMatch(/0000|v1/);
  expect(data).toMatchObject({ warehouse: null });
  expect(errors.map(({ extensions }) => extensions.code)).toContain("FORBIDDEN");
  const admin = await signIn(gateway, "admin");
  expect((await gateway.post({ query }, { token: admin })).data).toMatchObject({
    warehouse: {
      places: [
        { __typename: "Shelf", code: "s1" },
        { __typename: "Vault", code: "v1", combination: "0000" },
      ],
    },
  });
});

test("a joined field is denied before it is asked for", async () => {
  const { data, errors } = await gateway.post({ query: "{ latestReviews { draft product { name cost } author { reviews { body } } } }" });
  expect(errors).toHaveLength(3);
  expect(data).toMatchObject({ latestReviews: [{ draft: null, product: { cost: null } }, {}, {}] });
  expect(sent()).not.toMatch(/draft|cost/);
});

test("an expired or revoked token is no permission", async () => {
  const { user } = await gateway.register();
  const { accessToken } = await gateway.login(user.email);
  const query = "{ products(first: 1) { supplier { name } } }";
  expect((await gateway.post({ query }, { token: accessToken })).errors).toEqual([]);
  await gateway.post({ query: "mutation { logoutAll { endedSessions } }" }, { token: accessToken });
  expect((await gateway.post({ query }, { token: accessToken })).errors).toMatchObject([
    { extensions: { code: "UNAUTHENTICATED", reason: "revoked" } },
  ]);
});

describe("denied: reject", () => {
  test("the whole operation is refused, and nobody is asked", async () => {
    const strict = await startTestGateway({ gatewayYaml: `${shop.yaml()}access: { denied: reject }\n` });
    shop.takeCalls();
    const { status, data, errors } = await strict.post({ query: "{ products { name cost } warehouse { city } }" });
    expect({ status, data }).toEqual({ status: 400, data: undefined });
    expect(errors.map(({ extensions }) => extensions.coordinate)).toEqual(["Product.cost", "Query.warehouse"]);
    expect(errors.map(({ path }) => path)).toEqual([["products", "cost"], ["warehouse"]]);
    expect(shop.takeCalls()).toEqual([]);
    expect((await strict.post({ query: "{ products(first: 1) { name } }" })).data).toEqual({ products: [{ name: "product 1" }] });
    await strict.close();
  });
});

describe("dryRun", () => {
  test("everything is answered, and what would have been denied is told; the auth graph still guards itself", async () => {
    const dry = await startTestGateway({ gatewayYaml: `${shop.yaml()}access: { dryRun: true }\n` });
    const { data, errors, text } = await dry.post({
      query: "{ products(first: 1) { name cost } warehouse { places { code } } me { id } }",
    });
    expect(data).toEqual({
      products: [{ name: "product 1", cost: 0.9 }],
      warehouse: { places: [{ code: "s1" }, { code: "v1" }] },
      me: null,
    });
    expect(errors).toMatchObject([{ path: ["me"], extensions: { code: "UNAUTHENTICATED" } }]);
    expect(JSON.parse(text).extensions.access.denied).toMatchObject([
      { path: ["products", 0, "cost"], coordinate: "Product.cost", code: "UNAUTHENTICATED" },
      { path: ["warehouse"], coordinate: "Query.warehouse" },
      { path: ["me"], coordinate: "Query.me" },
    ]);
    await dry.close();
  });
});

describe("policies for graphs that cannot be changed", () => {
  const start = (access: string) => startTestGateway({ gatewayYaml: `${shop.yaml()}${roles}access: ${access}\n` });

  test("rules are added to what the SDL says", async () => {
    const guarded = await start(
      '{ rules: { Product.price: { roles: [buyer] }, Query.latestReviews: { scopes: [["products:cost"]] }, ' +
        '"Supplier.*": { roles: [buyer] }, Session.events: { roles: [buyer] } } }',
    );
    shop.takeCalls();
    const anonymous = await guarded.post({ query: "{ products { price } latestReviews { id } }" });
    expect(anonymous.errors.map(({ extensions }) => extensions.coordinate)).toEqual(["Product.price", "Query.latestReviews"]);
    expect(sent()).not.toMatch(/price|latestReviews/);
    const buyer = await signIn(guarded, "buyer");
    const { data, errors } = await guarded.post(
      { query: "{ products(first: 1) { price supplier { name account } } latestReviews { id } me { sessions { events { type } } } }" },
      { token: buyer },
    );
    expect(errors).toMatchObject([
      { path: ["products", 0, "supplier", "account"], extensions: { code: "FORBIDDEN", required: [["admin", "buyer"]] } },
    ]);
    expect(data).toBeDefined();
    const user = await signIn(guarded);
    expect((await guarded.post({ query: "{ me { sessions { id events { type } } } }" }, { token: user })).errors).toMatchObject([
      { extensions: { code: "FORBIDDEN", coordinate: "Session.events" } },
    ]);
    await guarded.close();
  });

  test("default: authenticated closes what is not opened, and leaves sign-in open", async () => {
    const closed = await start("{ default: authenticated, rules: { Query.products: public, Product.name: public } }");
    const { data, errors } = await closed.post({ query: "{ products(first: 1) { name price cost } latestReviews { id } }" });
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.coordinate)).toEqual(expect.arrayContaining(["Product.price", "Product.cost"]));
    expect((await closed.post({ query: "{ products(first: 1) { name } }" })).data).toEqual({ products: [{ name: "product 1" }] });
    const token = await signIn(closed);
    expect((await closed.post({ query: "{ products(first: 1) { price } latestReviews { id } }" }, { token })).errors).toEqual([]);
    await closed.close();
  });

  test.each([
    [
      "a field that no graph has",
      "{ rules: { Product.prize: public, Qery.products: { roles: [buyer] } } }",
      /Product\.prize.*\n.*Qery\.products/,
    ],
    ["a type that has no fields", '{ rules: { "Scope.*": public } }', /Scope\.\*/],
  ])("%s stops the start", async (_title, access, message) => {
    await expect(start(access)).rejects.toThrow(message);
  });
});
