import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ChangePasswordDocument, LoginDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { type StatementTap, tapStatements } from "../support/wires/statement-tap.ts";

const DAY = 86_400;

let database: TestDatabase;
let tap: StatementTap;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  gateway = await startTestGateway({
    database: { ...database, url: tap.url },
    env: { TRUSTED_PROXIES: "127.0.0.1", EMAIL_VERIFICATION: "off" },
  });
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
});

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0";
const NEWER_FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0.2) Gecko/20100101 Firefox/144.0.2";
const IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Mobile/15E148 Safari/604.1";
const NEWER_IPHONE =
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6_2 like Mac OS X) AppleWebKit/605.1.15 Version/18.6 Mobile/15E148 Safari/604.1";

interface From {
  readonly address: string;
  readonly agent: string;
}
const home: From = { address: "203.0.113.5", agent: FIREFOX };
const headersOf = ({ address, agent }: From) => ({ "x-forwarded-for": address, "user-agent": agent });

async function registerFrom(from: From): Promise<string> {
  const email = newEmail();
  dataOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, { headers: headersOf(from) }));
  await proveAddress(gateway, email);
  return email;
}
/** Notices go to proven addresses alone. */
const proveAddress = ({ database: { sql } }: Pick<TestGateway, "database">, email: string) =>
  sql`update users set email_verified = true where email = ${email}`;
async function loginFrom(email: string, from: From) {
  return dataOf(await gateway.send(LoginDocument, { input: { email, password: PASSWORD } }, { headers: headersOf(from) })).login;
}
const noticesTo = async (email: string, owner: Pick<TestGateway, "database"> = gateway) =>
  (await messagesTo(owner, email)).map(({ content }) => content.template);

describe("a login from something new is told to the owner", () => {
  let email: string;
  beforeEach(async () => {
    email = await registerFrom(home);
    expect(await noticesTo(email)).toEqual([]);
  });

  test.each<[string, From]>([
    ["the same again", home],
    ["a newer version of the same client", { ...home, agent: NEWER_FIREFOX }],
    ["the next address of the same provider", { ...home, address: "203.0.99.250" }],
    ["the same address written as IPv6", { ...home, address: "::ffff:203.0.113.5" }],
  ])("%s is nothing new", async (_name, from) => {
    await loginFrom(email, from);
    expect(await noticesTo(email)).toEqual([]);
  });

  test.each<[string, From]>([
    ["another client", { ...home, agent: IPHONE }],
    ["another network", { ...home, address: "203.1.113.5" }],
    ["a network of IPv6", { ...home, address: "2001:db8::5" }],
    ["no name of a client", { ...home, agent: "" }],
  ])("%s is, once, with when and from where", async (_name, from) => {
    const { session } = await loginFrom(email, from);
    await loginFrom(email, from);
    expect(await noticesTo(email)).toEqual(["new_device"]);
    expect(await lastFacts(gateway, email, "new_device")).toEqual({
      at: session.createdAt,
      userAgent: from.agent === "" ? "unknown" : from.agent,
      ipAddress: from.address,
    });
  });

  test("IPv6 counts by the first 32 bits, whatever the spelling", async () => {
    const phone = { agent: IPHONE, address: "2001:db8:1::1" };
    await loginFrom(email, phone);
    for (const address of ["2001:db8:ffff::9", "2001:0DB8:0:0:0:0:0:1"]) await loginFrom(email, { address, agent: NEWER_IPHONE });
    expect(await noticesTo(email)).toEqual(["new_device"]);
    await loginFrom(email, { ...phone, address: "2001:db9::1" });
    expect(await noticesTo(email)).toEqual(["new_device", "new_device"]);
  });

  test("many logins at once from one new place are one message", async () => {
    await Promise.all(Array.from({ length: 8 }, () => loginFrom(email, { ...home, agent: IPHONE })));
    expect(await noticesTo(email)).toEqual(["new_device"]);
  });

  test("a failed one is told to nobody, and is no acquaintance", async () => {
    const from = { ...home, agent: IPHONE };
    const wrong = { input: { email, password: "another walk by the sea" } };
    expect(codesOf(await gateway.send(LoginDocument, wrong, { headers: headersOf(from) }))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await noticesTo(email)).toEqual([]);
    await loginFrom(email, from);
    expect(await noticesTo(email)).toEqual(["new_device"]);
  });

  test("one user's devices are nobody else's", async () => {
    const other = await registerFrom({ ...home, agent: IPHONE });
    await loginFrom(other, home);
    expect(await noticesTo(other)).toEqual(["new_device"]);
  });

  test("a device is forgotten 400 days after it was first seen, and new again then", async () => {
    const clocked = await startTestGateway({ database, env: { TRUSTED_PROXIES: "127.0.0.1", EMAIL_VERIFICATION: "off" } });
    const phone = { ...home, agent: IPHONE };
    await loginFrom(email, phone);
    clocked.clock.advance(399 * DAY);
    expect((await clocked.auth.purge()).knownDevices).toBe(0);
    clocked.clock.advance(2 * DAY);
    expect((await clocked.auth.purge()).knownDevices).toBeGreaterThanOrEqual(2);
    expect(await database.sql`select from known_devices`).toHaveLength(0);
    await clocked.close();
    // The purge has forgotten old messages, too. With nothing to compare it with, the first device is nothing new.
    await loginFrom(email, phone);
    expect(await noticesTo(email)).toEqual([]);
    await loginFrom(email, home);
    expect(await noticesTo(email)).toEqual(["new_device"]);
  });
});

test("a user who has never been seen anywhere, such as an imported one, is told nothing at the first login", async () => {
  const email = await registerFrom(home);
  await database.sql`delete from known_devices`;
  await loginFrom(email, home);
  expect(await noticesTo(email)).toEqual([]);
  expect(await database.sql`select from known_devices`).toHaveLength(1);
});

test("a login is one statement all the same, whatever is new", async () => {
  const email = await registerFrom(home);
  for (const from of [home, { ...home, agent: IPHONE }]) {
    const statements = await tap.during(() => loginFrom(email, from));
    expect(statements.filter((statement) => /users|sessions|known_devices|insert into outbox/.test(statement))).toHaveLength(2);
  }
  expect(await noticesTo(email)).toEqual(["new_device"]);
});

test("a changed password is told to the owner; one that was refused is not", async () => {
  const { user, accessToken: token } = await gateway.register();
  await proveAddress(gateway, user.email);
  const change = (currentPassword: string) =>
    gateway.send(ChangePasswordDocument, { input: { currentPassword, newPassword: "another walk by the sea" } }, { token });
  expect(codesOf(await change("not my password"))).toEqual(["INVALID_CREDENTIALS"]);
  expect(await noticesTo(user.email)).toEqual([]);
  dataOf(await change(PASSWORD));
  expect(await noticesTo(user.email)).toEqual(["password_changed"]);
  const [event] =
    await database.sql`select occurred_at from audit_events where user_id = ${user.id} and type = 'PASSWORD_CHANGED' and succeeded`;
  const { at } = (await lastFacts(gateway, user.email, "password_changed")) as { at: string };
  expect(Math.abs(new Date(at).getTime() - event?.occurred_at.getTime())).toBeLessThan(600_000);
});

/** Ends the session by its first token, used again from elsewhere. */
async function reuse(on: TestGateway): Promise<string> {
  const { user, refreshToken } = await on.register();
  await proveAddress(on, user.email);
  const send = (token: string | null | undefined, headers = {}) =>
    on.send(RefreshDocument, { input: { refreshToken: token ?? "" } }, { headers });
  const second = dataOf(await send(refreshToken)).refresh;
  await send(second.refreshToken);
  for (let times = 0; times < 2; times += 1) await send(refreshToken, headersOf({ address: "198.51.100.9", agent: "curl/8.0" }));
  return user.email;
}

test("an old refresh token is told to the owner, once, with where it was used", async () => {
  const email = await reuse(gateway);
  expect(await noticesTo(email)).toEqual(["token_reused"]);
  expect(await lastFacts(gateway, email, "token_reused")).toMatchObject({ userAgent: "curl/8.0", ipAddress: "198.51.100.9" });
});

describe("what is turned off is not sent", () => {
  async function provoke(on: TestGateway): Promise<string[]> {
    const email = await reuse(on);
    const { accessToken: token } = await on.login(email);
    const other = { "user-agent": IPHONE };
    dataOf(await on.send(LoginDocument, { input: { email, password: PASSWORD } }, { headers: other }));
    const input = { currentPassword: PASSWORD, newPassword: "another walk by the sea" };
    dataOf(await on.send(ChangePasswordDocument, { input }, { token }));
    return (await noticesTo(email, on)).sort();
  }

  test.each<[string, string[]]>([
    ["{}", ["new_device", "password_changed", "token_reused"]],
    ["{ new_device: false }", ["password_changed", "token_reused"]],
    ["{ password_changed: false, token_reused: false }", ["new_device"]],
  ])("with the notices %s", async (notices, expected) => {
    const on = await startTestGateway({ env: { EMAIL_VERIFICATION: "off" }, gatewayYaml: `mail: { notices: ${notices} }\n` });
    expect(await provoke(on)).toEqual(expected);
    await on.close();
  });

  test("where no mail can be sent, nothing is", async () => {
    const env = { NODE_ENV: "production", PUBLIC_URL: "https://auth.example.com", SECRET: "kYq3Wn8xTz5Rb7Vc2Mf9Lp4Hs6Jd1Ga0" };
    const on = await startTestGateway({ env: { ...env, DATABASE_URL: database.url, EMAIL_VERIFICATION: "off" } });
    await provoke(on);
    const [row] = await on.database.sql`select count(*)::int as messages, (select count(*)::int from known_devices) as devices from outbox`;
    expect(row).toEqual({ messages: 0, devices: 0 });
    await on.close();
  });
});
