import { randomUUID } from "node:crypto";
import { NIL } from "uuid";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, MeDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, type Reply, type SendOptions } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** The product's own limits for credentials, and room for the rest. */
const PRODUCT = "{ default: { max: 1000, window: 1m } }";
const PROXY = "127.0.0.1";

let database: TestDatabase;
let gateways: TestGateway[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.close()));
  gateways = [];
  await database.sql`truncate rate_limits`;
  await database.sql`truncate users, audit_events cascade`;
});

async function start(options: TestGatewayOptions): Promise<TestGateway> {
  const env = { TRUSTED_PROXIES: PROXY, ...options.env };
  const gateway = await startTestGateway({ database, ...options, env });
  gateways.push(gateway);
  return gateway;
}

/** As through a proxy that has seen this address. */
const from = (address: string, options: SendOptions = {}): SendOptions => ({ ...options, headers: { "x-forwarded-for": address } });
const logIn = (gateway: TestGateway, input: { email: string; password: string }, address = "203.0.113.1") =>
  gateway.send(LoginDocument, { input }, from(address));
const register = (gateway: TestGateway, email: string, address = "203.0.113.1") =>
  gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from(address));

function countOf(replies: readonly Reply<unknown>[], code: string): number {
  return replies.flatMap(codesOf).filter((each) => each === code).length;
}

const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const auditedRefusals = () => database.sql`select * from audit_events where type = 'RATE_LIMITED' order by id`;

describe("login", () => {
  test("takes five wrong passwords from an address in 15 minutes, over two processes, however they come", async () => {
    const [one, other] = [await start({ limits: PRODUCT }), await start({ limits: PRODUCT })];
    const email = newEmail();
    await register(one, email, "198.51.100.7");
    const replies = await times(40, (index) => logIn(index % 2 ? one : other, { email, password: "wrong password" }));
    expect(countOf(replies, "INVALID_CREDENTIALS")).toBe(5);
    expect(countOf(replies, "RATE_LIMITED")).toBe(35);
    const failures = await database.sql`select count(*)::int from audit_events where type = 'LOGIN_FAILED'`;
    expect(failures[0]?.count).toBe(5);

    // The right password is not looked at either.
    const refused = await logIn(one, { email, password: PASSWORD });
    expect(codesOf(refused)).toEqual(["RATE_LIMITED"]);
    expect(refused.status).toBe(200);
    const retryAfterSeconds = refused.errors[0]?.extensions.retryAfterSeconds;
    expect(retryAfterSeconds).toBeGreaterThan(880);
    expect(retryAfterSeconds).toBeLessThanOrEqual(900);
    expect(refused.headers.get("retry-after")).toBe(String(retryAfterSeconds));
    // From elsewhere the owner gets in.
    expect(codesOf(await logIn(one, { email, password: PASSWORD }, "198.51.100.8"))).toEqual([]);

    one.clock.advance(Number(retryAfterSeconds));
    expect(codesOf(await logIn(one, { email, password: PASSWORD }))).toEqual([]);
  });

  test("a refusal is audited once for a caller and a window, without what was sent", async () => {
    const gateway = await start({ limits: "{ default: { max: 1000, window: 1m }, Mutation.login: { max: 1, window: 1m } }" });
    await times(20, () => logIn(gateway, { email: "ada@example.com", password: "wrong password" }));
    const [event, ...others] = await auditedRefusals();
    expect(others).toEqual([]);
    expect(event).toMatchObject({ succeeded: false, user_id: NIL, ip_address: "203.0.113.1", detail: { coordinate: "Mutation.login" } });
    expect(JSON.stringify(event)).not.toContain("ada@");
    gateway.clock.advance(60);
    await times(5, () => logIn(gateway, { email: "ada@example.com", password: "wrong password" }));
    expect(await auditedRefusals()).toHaveLength(2);
  });

  test("a success gives its attempt back, exactly, also beside failures", async () => {
    const gateway = await start({ limits: PRODUCT });
    const email = newEmail();
    await register(gateway, email);
    for (let round = 0; round < 4; round += 1) {
      const replies = await times(5, () => logIn(gateway, { email, password: PASSWORD }));
      expect(replies.flatMap(codesOf)).toEqual([]);
    }
    const mixed = await times(5, (index) => logIn(gateway, { email, password: index < 3 ? PASSWORD : "wrong password" }));
    expect(countOf(mixed, "INVALID_CREDENTIALS")).toBe(2);
    gateway.clock.advance(2);
    const wrong = await times(10, () => logIn(gateway, { email, password: "wrong password" }));
    expect(countOf(wrong, "INVALID_CREDENTIALS")).toBe(3);
  });

  test("an account takes a hundred wrong passwords an hour from all addresses, whether it exists or not, in any spelling", async () => {
    const gateway = await start({ limits: "{ default: { max: 1000, window: 1m }, failedLoginsPerAccount: { max: 8, window: 1h } }" });
    await register(gateway, "jörg@example.com");
    // Composed and decomposed, in capitals, with spaces around: one account.
    const spellings = ["jörg@example.com", "jo\u0308rg@example.com", "JÖRG@EXAMPLE.COM", "  Jo\u0308RG@example.com "];
    const nobody = ["nobody@example.com", "Nobody@Example.com", " NOBODY@example.com", "nobody@EXAMPLE.com "];
    for (const addresses of [spellings, nobody]) {
      const replies = await times(40, (index) =>
        logIn(gateway, { email: addresses[index % 4] ?? "", password: "wrong password" }, `192.0.2.${index}`),
      );
      expect(countOf(replies, "INVALID_CREDENTIALS")).toBe(8);
      expect(countOf(replies, "RATE_LIMITED")).toBe(32);
    }
    // Whoever was refused for the account has not used up an attempt of the address.
    const others = await times(5, () => logIn(gateway, { email: newEmail(), password: "wrong password" }, "192.0.2.39"));
    expect(countOf(others, "RATE_LIMITED")).toBeLessThanOrEqual(1);
    // The owner waits, too, for new sessions; those that there are go on.
    expect(codesOf(await logIn(gateway, { email: "jörg@example.com", password: PASSWORD }, "192.0.2.200"))).toEqual(["RATE_LIMITED"]);
    gateway.clock.advance(3600);
    expect(codesOf(await logIn(gateway, { email: "jörg@example.com", password: PASSWORD }, "192.0.2.200"))).toEqual([]);
  });

  test("one of register, login and changePassword is allowed in a request, under whatever alias, in whatever fragment", async () => {
    const gateway = await start({ limits: PRODUCT });
    const guess = 'login(input: { email: "a@example.com", password: "wrong password" }) { expiresIn }';
    for (const query of [
      `mutation { a: ${guess} b: ${guess} }`,
      `mutation { a: ${guess} ... @include(if: true) { b: ${guess} } }`,
      `mutation { a: ${guess} ...More } fragment More on Mutation { b: ${guess} }`,
      `mutation { a: ${guess} changePassword(input: { currentPassword: "x", newPassword: "y" }) { id } }`,
    ]) {
      const reply = await gateway.post({ query });
      expect([reply.status, codesOf(reply)]).toEqual([400, ["BAD_USER_INPUT"]]);
    }
    expect(await database.sql`select * from rate_limits`).toHaveLength(0);
    expect(codesOf(await gateway.post({ query: `mutation { ...One } fragment One on Mutation { a: ${guess} }` }))).toEqual([
      "INVALID_CREDENTIALS",
    ]);
  });
});

test("an address registers twenty accounts in an hour, signed in or not", async () => {
  const gateway = await start({ limits: PRODUCT });
  const replies = [];
  // One after the other: what is refused as too busy would be given back.
  for (let index = 0; index < 23; index += 1) replies.push(await register(gateway, newEmail()));
  const [held] = replies.flatMap(({ data }) => data?.register ?? []);
  expect(countOf(replies, "RATE_LIMITED")).toBe(3);
  const again = { input: { email: newEmail(), password: PASSWORD } };
  expect(codesOf(await gateway.send(RegisterDocument, again, from("203.0.113.1", { token: held?.accessToken })))).toEqual(["RATE_LIMITED"]);
  expect(codesOf(await register(gateway, newEmail(), "203.0.113.2"))).toEqual([]);
});

test("what is refused for its input is given back: nobody waits an hour for three passwords that were too short", async () => {
  const gateway = await start({ limits: PRODUCT });
  const attempt = (password: string) => gateway.send(RegisterDocument, { input: { email: newEmail(), password } }, from("203.0.113.1"));
  for (let index = 0; index < 22; index += 1) expect(codesOf(await attempt("short"))).toEqual(["BAD_USER_INPUT"]);
  expect(codesOf(await attempt(PASSWORD))).toEqual([]);
  // Not for ever: each such call costs the database two statements.
  const flood = await times(150, () => attempt("short"));
  expect(countOf(flood, "BAD_USER_INPUT")).toBeLessThanOrEqual(100);
});

test("a user changes the password ten times in 15 minutes at most, wherever from, and nobody else uses that up", async () => {
  const gateway = await start({ limits: PRODUCT });
  const { data } = await register(gateway, newEmail());
  const query = `mutation { changePassword(input: { currentPassword: "wrong password", newPassword: "${randomUUID()}" }) { id } }`;
  const anonymous = await times(12, () => gateway.post({ query }, from("203.0.113.1")));
  expect([countOf(anonymous, "UNAUTHENTICATED"), countOf(anonymous, "RATE_LIMITED")]).toEqual([10, 2]);
  const token = data?.register.accessToken;
  const own = await times(12, (index) => gateway.post({ query }, from(`203.0.113.${index}`, { token })));
  expect([countOf(own, "INVALID_CREDENTIALS"), countOf(own, "RATE_LIMITED")]).toEqual([10, 2]);
  const [event] = (await auditedRefusals()).filter(({ user_id }) => user_id !== NIL);
  expect(event).toMatchObject({ user_id: data?.register.user.id, detail: { coordinate: "Mutation.changePassword" } });
});

describe("every other root field", () => {
  test("is called 100 times a minute by a user and by an address, each alias a call of its own", async () => {
    const gateway = await start({ limits: "{}" });
    const [ada, grace] = [await register(gateway, newEmail()), await register(gateway, newEmail())];
    const token = ada.data?.register.accessToken;
    const query = `{ ${Array.from({ length: 30 }, (_, index) => `a${index}: me { id }`).join(" ")} }`;
    const replies = await times(6, () => gateway.post({ query }, { token }));
    expect(countOf(replies, "RATE_LIMITED")).toBe(80);
    expect(replies.flatMap(({ data }) => Object.values(data ?? {})).filter((me) => me !== null)).toHaveLength(100);
    const limited = replies.find((reply) => codesOf(reply).includes("RATE_LIMITED"));
    expect(limited?.status).toBe(200);
    expect(limited?.headers.get("retry-after")).toBe(String(limited?.errors[0]?.extensions.retryAfterSeconds));
    // Neither another user nor an anonymous flood from the same address is in anybody's way.
    expect(codesOf(await gateway.send(MeDocument, {}, { token: grace.data?.register.accessToken }))).toEqual([]);
    const flood = await times(6, () => gateway.post({ query }));
    expect([countOf(flood, "UNAUTHENTICATED"), countOf(flood, "RATE_LIMITED")]).toEqual([100, 80]);
    expect(codesOf(await gateway.send(MeDocument, {}, { token: grace.data?.register.accessToken }))).toEqual([]);
    // What it was told suffices.
    gateway.clock.advance(Number(limited?.errors[0]?.extensions.retryAfterSeconds));
    expect(codesOf(await gateway.send(MeDocument, {}, { token }))).toEqual([]);
    // None of it reached the database.
    expect(await auditedRefusals()).toHaveLength(0);
  });

  test("has the limit that gateway.yaml gives it, or none", async () => {
    const gateway = await start({
      limits: "{ default: { max: 2, window: 10s }, Mutation.refresh: { max: 1, window: 1h }, Mutation.logout: off }",
    });
    const send = (query: string, count: number) => times(count, () => gateway.post({ query }));
    expect(countOf(await send("{ me { id } }", 5), "RATE_LIMITED")).toBe(3);
    expect(countOf(await send("mutation { refresh { expiresIn } }", 5), "RATE_LIMITED")).toBe(4);
    expect(countOf(await send("mutation { logout { endedSessions } }", 5), "RATE_LIMITED")).toBe(0);
    gateway.clock.advance(10);
    expect(countOf(await send("{ me { id } }", 5), "RATE_LIMITED")).toBe(3);
  });
});

test("counters whose windows are over are purged, the others stay", async () => {
  const gateway = await start({ limits: PRODUCT });
  await logIn(gateway, { email: newEmail(), password: "wrong password" });
  expect((await gateway.auth.purge()).rateLimits).toBe(0);
  // A quarter of a window later at the latest.
  gateway.clock.advance(899);
  expect((await gateway.auth.purge()).rateLimits).toBe(0);
  gateway.clock.advance(226);
  expect((await gateway.auth.purge()).rateLimits).toBe(1);
  // Those of the account: wrong passwords, and sign-ins, of which there was none.
  gateway.clock.advance(3375);
  expect((await gateway.auth.purge()).rateLimits).toBe(2);
  expect(await database.sql`select * from rate_limits`).toHaveLength(0);
});
