import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { codesOf, type Reply } from "../support/client.ts";
import { watch } from "../support/clients/watch.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";

const limits = `{
  default: { max: 4, window: 1m },
  Query.product: { max: 3, window: 1m },
  Query.me: { max: 3, window: 1m },
  Mutation.rename: { max: 1, window: 1m },
  Subscription.reviewAdded: { max: 1, window: 1m },
  Query.warehouse: off,
  Mutation.register: off
}`;

let database: TestDatabase;
let shop: Shop;
let gateway: TestGateway;
beforeAll(async () => {
  [database, shop] = await Promise.all([createTestDatabase(), openShop()]);
});
afterAll(async () => {
  await shop?.close();
  await database?.drop();
});
/** Fresh counters for each test. */
beforeEach(async () => {
  gateway = await startTestGateway({ database, limits, gatewayYaml: shop.yaml() });
  shop.takeCalls();
});
afterEach(() => gateway?.close());

const ask = (query: string, token?: string) => gateway.post({ query }, { token });
const isLimited = (reply: Reply<unknown>) => codesOf(reply).includes("RATE_LIMITED");

test("aliases count one by one: of five with a limit of three, three are answered, and the upstream is asked for three", async () => {
  const { data, errors, headers, status } = await ask(
    `{ ${["a", "b", "c", "d", "e"].map((key) => `${key}: product(id: 1) { id }`).join(" ")} }`,
  );
  expect(status).toBe(200);
  expect(data).toEqual({ a: { id: "1" }, b: { id: "1" }, c: { id: "1" }, d: null, e: null });
  const refused = (key: string) => ({ path: [key], extensions: { code: "RATE_LIMITED", retryAfterSeconds: expect.any(Number) } });
  expect(errors).toMatchObject([refused("d"), refused("e")]);
  expect(Number(headers.get("retry-after"))).toBeGreaterThan(0);
  const [call, ...more] = shop.takeCalls();
  expect(more).toEqual([]);
  expect(call?.query.match(/product\(/g)).toHaveLength(3);
});

test.each([
  ["plainly", "{ product(id: 1) { id } }"],
  ["by fragments", "{ ...F ... on Query { product(id: 1) { name } } } fragment F on Query { product(id: 1) { id } }"],
  ["over several graphs", "{ product(id: 1) { id inStock } }"],
])("of twenty simultaneous calls exactly three are admitted, asked %s", async (_name, query) => {
  const replies = await Promise.all(Array.from({ length: 20 }, () => ask(query)));
  expect(replies.filter(isLimited)).toHaveLength(17);
  expect(replies.filter(({ data }) => data?.product !== null)).toHaveLength(3);
  expect(shop.takeCalls().filter(({ graph }) => graph === "products")).toHaveLength(3);
});

test("each caller by itself: users, and addresses of nobody", async () => {
  const [ada, ben] = [await gateway.register(), await gateway.register()];
  for (const token of [undefined, ada.accessToken, ben.accessToken]) {
    const replies = await Promise.all(Array.from({ length: 5 }, () => ask("{ product(id: 1) { id } }", token)));
    expect(replies.filter(isLimited)).toHaveLength(2);
  }
});

test("what has no limit of its own counts in the default, field by field; `off` has none; what is skipped does not count", async () => {
  const skipped = "{ product(id: 1) @skip(if: true) { id } ... @include(if: false) { product(id: 1) { id } } whoAmI }";
  for (let call = 1; call <= 5; call += 1) expect(isLimited(await ask(skipped))).toBe(call === 5);
  for (let call = 1; call <= 4; call += 1) expect(isLimited(await ask("{ latestReviews { id } warehouse { city } }"))).toBe(false);
  for (let call = 1; call <= 4; call += 1) expect(isLimited(await ask("{ product(id: 1) { id } }"))).toBe(call === 4);
  for (let call = 1; call <= 9; call += 1) expect(isLimited(await ask("{ warehouse { city } }"))).toBe(false);
});

test("fields of the auth graph beside them count once, in the same count as alone", async () => {
  const { accessToken } = await gateway.register();
  const both = "{ me { id } product(id: 1) { id } }";
  for (let call = 1; call <= 2; call += 1) expect((await ask(both, accessToken)).errors).toEqual([]);
  expect((await ask("{ me { id } }", accessToken)).errors).toEqual([]);
  const last = await ask(both, accessToken);
  expect(last.data).toEqual({ me: null, product: { id: "1" } });
  expect(last.errors).toMatchObject([{ path: ["me"], extensions: { code: "RATE_LIMITED" } }]);
});

test("a mutation that comes too soon is not sent; the window's end admits it again", async () => {
  const { accessToken } = await gateway.register();
  const rename = '{ a: rename(id: 1, name: "x") { name } b: rename(id: 1, name: "y") { name } }';
  const first = await ask(`mutation ${rename}`, accessToken);
  expect(first.data).toEqual({ a: { name: "x" }, b: null });
  expect(isLimited(await ask('mutation { rename(id: 1, name: "z") { name } }', accessToken))).toBe(true);
  const sent = shop.takeCalls();
  expect(sent).toHaveLength(1);
  expect(sent[0]?.query).not.toContain('"y"');
  gateway.clock.advance(61);
  expect((await ask('mutation { rename(id: 1, name: "z") { name } }', accessToken)).errors).toEqual([]);
});

test("a refused field that may not be null nulls the answer, and says why", async () => {
  const { accessToken } = await gateway.register();
  for (let call = 1; call <= 4; call += 1) expect((await ask("{ products { id } }", accessToken)).errors).toEqual([]);
  const { data, errors } = await ask("{ products { id } warehouse { city } }", accessToken);
  expect(data).toBeNull();
  expect(errors).toMatchObject([{ path: ["products"], extensions: { code: "RATE_LIMITED" } }]);
  expect(shop.takeCalls().at(-1)?.query).not.toContain("products");
});

test("a subscription that comes too soon is not opened", async () => {
  const { accessToken } = await gateway.register();
  const first = await watch(gateway.url, accessToken, "subscription { reviewAdded(count: 1) { id } }");
  await expect.poll(first.isComplete).toBe(true);
  expect(first.told()).toEqual([{ data: { reviewAdded: { id: "new-0" } } }]);
  shop.takeCalls();
  const second = await watch(gateway.url, accessToken, "subscription { reviewAdded(count: 1) { id } }");
  await expect.poll(() => JSON.stringify(second.refusal() ?? second.told())).toContain("RATE_LIMITED");
  expect(shop.takeCalls()).toEqual([]);
  for (const { socket } of [first, second]) socket.socket.close();
});

test.each(["Query.nothing", "Mutation.products", "Query._sdl", "Query.productz"])(
  "a limit for %s, which no graph has, refuses to start",
  async (name) => {
    const options = { database, limits: `{ ${name}: { max: 3, window: 1m } }`, gatewayYaml: shop.yaml() };
    await expect(startTestGateway(options)).rejects.toMatchObject({ message: expect.stringContaining(`limits.${name}`) });
  },
);
