import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, type Reply, type SendOptions } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let database: TestDatabase;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(async () => {
  await gateway.close();
  await database.sql`truncate rate_limits`;
});

const start = async (limits: string) => {
  gateway = await startTestGateway({ database, limits, env: { TRUSTED_PROXIES: "127.0.0.1" } });
};
const from = (address: string, options: SendOptions = {}): SendOptions => ({ ...options, headers: { "x-forwarded-for": address } });
const countOf = (replies: readonly Reply<unknown>[], code: string) => replies.flatMap(codesOf).filter((each) => each === code).length;
const logIn = (email: string, password: string, address: string) =>
  gateway.send(LoginDocument, { input: { email, password } }, from(address));

const checkers = [
  ["changePassword", 'changePassword(input: { currentPassword: "PASSWORD", newPassword: "another walk by the sea" }) { id }'],
  ["requestEmailChange", 'requestEmailChange(input: { newEmail: "new@example.org", password: "PASSWORD" }) { accepted }'],
  ["deleteAccount", 'deleteAccount(input: { password: "PASSWORD" }) { erasureAt }'],
] as const;

test.each(checkers)("wrong passwords of %s and of login count for the account together", async (_field, selection) => {
  await start("{ failedLoginsPerAccount: { max: 4, window: 1h } }");
  const email = newEmail();
  const { data } = await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from("198.51.100.1"));
  const token = data?.register.accessToken;
  const query = `mutation { ${selection.replace("PASSWORD", "wrong password")} }`;
  const own = [];
  for (let index = 0; index < 2; index += 1) own.push(await gateway.post({ query }, from("198.51.100.2", { token })));
  expect(countOf(own, "INVALID_CREDENTIALS")).toBe(2);
  const guesses = await Promise.all([1, 2, 3, 4].map((index) => logIn(email, "wrong password", `192.0.2.${index}`)));
  expect([countOf(guesses, "INVALID_CREDENTIALS"), countOf(guesses, "RATE_LIMITED")]).toEqual([2, 2]);
  // Whoever holds the session guesses no more either.
  expect(codesOf(await gateway.post({ query }, from("198.51.100.3", { token })))).toEqual(["RATE_LIMITED"]);
});

test("right passwords of a field that checks them are no guesses: none of them counts for the account", async () => {
  await start("{ failedLoginsPerAccount: { max: 2, window: 1h } }");
  const email = newEmail();
  const { data } = await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from("198.51.100.1"));
  const token = data?.register.accessToken;
  for (let index = 0; index < 4; index += 1) {
    const query = `mutation { requestEmailChange(input: { newEmail: "new-${index}@example.org", password: "${PASSWORD}" }) { accepted } }`;
    expect(codesOf(await gateway.post({ query }, { token }))).toEqual([]);
  }
  const guesses = await Promise.all([1, 2, 3].map((index) => logIn(email, "wrong password", `192.0.2.${index}`)));
  expect(countOf(guesses, "INVALID_CREDENTIALS")).toBe(2);
});

test("a network of 48 bits has ten times what one caller has, however many /64 it uses", async () => {
  await start("{ Mutation.login: { max: 2, window: 1h } }");
  const guess = (address: string) => logIn(newEmail(), "wrong password", address);
  const replies = [];
  for (let index = 0; index < 30; index += 1) replies.push(await guess(`2001:db8:1:${index.toString(16)}::1`));
  expect([countOf(replies, "INVALID_CREDENTIALS"), countOf(replies, "RATE_LIMITED")]).toEqual([20, 10]);
  // The next network is somebody else's.
  expect(codesOf(await guess("2001:db8:2::1"))).toEqual(["INVALID_CREDENTIALS"]);
});

test("`all` limits a caller over all fields together, stated limits or not, and nobody else", async () => {
  await start("{ all: { max: 6, window: 1m }, default: off }");
  const { data } = await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }, from("203.0.113.1"));
  const token = data?.register.accessToken;
  const mixed = "{ a: me { id } b: me { id } sessions { id } } ";
  expect(codesOf(await gateway.post({ query: mixed }, { token }))).toEqual([]);
  const replies = await Promise.all([1, 2, 3].map(() => gateway.post({ query: "{ a: me { id } b: me { id } }" }, { token })));
  expect(countOf(replies, "RATE_LIMITED")).toBe(3);
  // A call of a field with a limit of its own is one of them.
  expect(codesOf(await gateway.post({ query: "mutation { deleteAccount { erasureAt } }" }, { token }))).toEqual(["RATE_LIMITED"]);
  expect(codesOf(await gateway.post({ query: "{ me { id } }" }, from("203.0.113.2")))).toEqual(["UNAUTHENTICATED"]);
  gateway.clock.advance(60);
  expect(codesOf(await gateway.post({ query: "{ me { id } }" }, { token }))).toEqual([]);
  expect(await database.sql`select * from rate_limits`).toHaveLength(1);
});

test("every kind of refusal is counted by the name of its limit each time, and logged once a window for a caller", async () => {
  await start("{ default: { max: 1, window: 10s }, all: { max: 5, window: 1m }, Mutation.login: { max: 1, window: 1m } }");
  const refusals = () => gateway.logs.flatMap(({ msg, limit }) => (String(msg).startsWith("calls are refused") ? [limit] : []));
  const flood = (query: string) => Promise.all(Array.from({ length: 4 }, () => gateway.post({ query }, from("203.0.113.9"))));
  await flood("{ me { id } }");
  expect(refusals()).toEqual(["limits.default"]);
  await flood('mutation { login(input: { email: "ada@example.com", password: "wrong password" }) { expiresIn } }');
  await flood("mutation { logout { endedSessions } }");
  expect(refusals()).toEqual(["limits.default", "limits.Mutation.login", "limits.all"]);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  expect(metrics).toContain('auth_limit_refusals_total{limit="default"} 3');
  expect(metrics).toContain('auth_limit_refusals_total{limit="Mutation.login"} 3');
  expect(metrics).toContain('auth_limit_refusals_total{limit="all"} 4');
  expect(await database.sql`select * from audit_events where type = 'RATE_LIMITED' and ip_address = '203.0.113.9'`).toHaveLength(1);
});

test("development is generous, and names the setting; production has the limits of the docs, and says nothing of them", async () => {
  gateway = await startTestGateway({ database, limits: "{ Query.me: { max: 1, window: 1m } }", limitFactor: 20 });
  const replies = [];
  for (let index = 0; index < 25; index += 1) replies.push(await logIn(newEmail(), "wrong password", ""));
  expect(countOf(replies, "RATE_LIMITED")).toBe(0);
  // What somebody has set is meant as it is.
  await gateway.post({ query: "{ me { id } }" });
  const refused = await gateway.post({ query: "{ me { id } }" });
  expect(refused.errors[0]).toMatchObject({
    message: "Too many calls; wait before the next one.",
    extensions: { code: "RATE_LIMITED", setting: "limits.Query.me" },
  });
});

test("right passwords count as sign-ins of the account, from wherever they come: a loop ends, and wrong ones cost it nothing", async () => {
  await start("{ signInsPerAccount: { max: 4, window: 1h } }");
  const email = newEmail();
  await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, from("198.51.100.1"));
  const guesses = await Promise.all([1, 2, 3, 4].map((index) => logIn(email, "wrong password", `192.0.2.${index}`)));
  expect(countOf(guesses, "INVALID_CREDENTIALS")).toBe(4);
  const replies = await Promise.all([1, 2, 3, 4, 5, 6].map((index) => logIn(email, PASSWORD, `203.0.113.${index}`)));
  expect([countOf(replies, "RATE_LIMITED"), replies.flatMap(codesOf).length]).toEqual([2, 2]);
  const [row] = await database.sql`select count(*)::int as live from sessions join users on users.id = user_id where email = ${email}
      and ended_at is null`;
  // The first one is that of the registration.
  expect(row).toEqual({ live: 5 });
  // Nobody else is held up, and an hour later nor is this one.
  const other = newEmail();
  await gateway.send(RegisterDocument, { input: { email: other, password: PASSWORD } }, from("198.51.100.2"));
  expect(codesOf(await logIn(other, PASSWORD, "203.0.113.7"))).toEqual([]);
  gateway.clock.advance(3601);
  expect(codesOf(await logIn(email, PASSWORD, "203.0.113.8"))).toEqual([]);
});
