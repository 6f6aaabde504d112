import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createOneTimeTokens, type OneTimeTokens } from "../../src/auth/one-time/one-time-tokens.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { createDatabase, type Database } from "../../src/database/database.ts";
import { createTestClock } from "../support/clock.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { openRawClient, SCHEMA } from "../support/raw-client.ts";

const HOUR = 3600;
const clock = createTestClock();
let gateway: TestGateway;
let database: Database;
let client: postgres.Sql;

function createTokens(secrets: readonly [string, ...string[]] = [TEST_SECRET]): OneTimeTokens {
  return createOneTimeTokens({ clock: clock.now, random: createSecureRandom(), secrets });
}
const tokens = createTokens();

beforeAll(async () => {
  gateway = await startTestGateway({ clock });
  client = openRawClient(gateway.database.url, { max: 10 });
  database = createDatabase(client, SCHEMA);
});
afterAll(async () => {
  await client.end();
  await gateway.close();
});

async function newUser() {
  const { user } = await gateway.register();
  // A registration may leave a token of its own.
  await client`delete from one_time_tokens where user_id = ${user.id}`;
  return { userId: user.id, proves: { email: user.email, emailKey: user.email.toLowerCase() } };
}

function issue({ userId, proves }: Awaited<ReturnType<typeof newUser>>, { isContested = false } = {}) {
  const wanted = { purpose: "VERIFY_EMAIL" as const, subject: { userId }, proves, ttlSeconds: HOUR, isContested };
  return database.transaction((tx) => tokens.issue(tx, wanted));
}
const take = (token: string, by = tokens) => database.transaction((tx) => by.take(tx, "VERIFY_EMAIL", token));
const takeByCode = (userId: string, code: string, by = tokens) =>
  database.transaction((tx) => by.takeByCode(tx, { purpose: "VERIFY_EMAIL", subject: { userId }, code: code }));
const otherThan = (code: string) => (code === "000000" ? "000001" : "000000");

describe("a token", () => {
  test("is taken by exactly one of twenty at once, and by nobody afterwards", async () => {
    const user = await newUser();
    const { token } = await issue(user);
    expect(await tokens.find(database, "VERIFY_EMAIL", token)).toMatchObject(user);
    const taken = await Promise.all(Array.from({ length: 20 }, () => take(token)));
    expect(taken.filter((each) => each !== undefined)).toMatchObject([user]);
    expect(await take(token)).toBeUndefined();
  });

  test("counts no longer once another one has taken its place", async () => {
    const user = await newUser();
    const first = await issue(user);
    const second = await issue(user);
    expect(await take(first.token)).toBeUndefined();
    expect(await takeByCode(user.userId, first.code)).toBeUndefined();
    expect(await take(second.token)).toMatchObject(user);
  });

  test("is good for its own purpose only, and until it expires", async () => {
    const user = await newUser();
    const { token } = await issue(user);
    expect(await database.transaction((tx) => tokens.take(tx, "RESET_PASSWORD", token))).toBeUndefined();
    clock.advance(HOUR);
    expect(await tokens.find(database, "VERIFY_EMAIL", token)).toBeUndefined();
    expect(await take(token)).toBeUndefined();
  });

  test("stays contested, whatever takes its place", async () => {
    const user = await newUser();
    const { token: plain } = await issue(user);
    expect(await tokens.find(database, "VERIFY_EMAIL", plain)).toMatchObject({ isContested: false });
    await issue(user, { isContested: true });
    const { token: last } = await issue(user);
    expect(await take(last)).toMatchObject({ isContested: true });
  });

  test("of an address without account proves nothing", async () => {
    const wanted = { purpose: "VERIFY_EMAIL" as const, subject: { emailKey: "nobody@example.com" }, ttlSeconds: HOUR };
    const { token, code } = await database.transaction((tx) => tokens.issue(tx, wanted));
    expect(await tokens.find(database, "VERIFY_EMAIL", token)).toBeUndefined();
    const bySubject = database.transaction((tx) => tokens.takeByCode(tx, { ...wanted, code }));
    expect(await bySubject).toBeUndefined();
    const rows = await client`select * from one_time_tokens where not has_account`;
    expect(JSON.stringify(rows)).not.toContain("nobody");
  });
});

describe("a code", () => {
  test("has five tries, also when they come at once, and then is worth nothing", async () => {
    const user = await newUser();
    const { code, token } = await issue(user);
    await Promise.all(Array.from({ length: 20 }, () => takeByCode(user.userId, otherThan(code))));
    const [row] = await client`select code_tries from one_time_tokens where user_id = ${user.userId}`;
    expect(row?.code_tries).toBe(5);
    expect(await takeByCode(user.userId, code)).toBeUndefined();
    expect(await take(token)).toMatchObject(user);
  });

  test("is read with the spaces that people put in, and uses the token up", async () => {
    const user = await newUser();
    const { code, token } = await issue(user);
    expect(await takeByCode(user.userId, ` ${code.slice(0, 3)} ${code.slice(3)}`)).toMatchObject(user);
    expect(await take(token)).toBeUndefined();
  });

  test("is good under an older secret, and under no other", async () => {
    const user = await newUser();
    const { code } = await issue(user);
    const strange = createTokens(["another secret that is long enough, too"]);
    expect(await takeByCode(user.userId, code, strange)).toBeUndefined();
    const rotated = createTokens(["another secret that is long enough, too", TEST_SECRET]);
    expect(await takeByCode(user.userId, code, rotated)).toMatchObject(user);
  });

  test("cannot be told from what is stored: neither it nor the token stands in the row", async () => {
    const user = await newUser();
    const { code, token } = await issue(user);
    const [row] = await client`select row_to_json(t)::text as text from one_time_tokens t where user_id = ${user.userId}`;
    expect(row?.text).not.toContain(token);
    expect(row?.text).not.toMatch(new RegExp(`\\b${code}\\b`));
  });
});

test("an expired token is purged, a live one stays", async () => {
  const [gone, kept] = [await newUser(), await newUser()];
  await issue(gone);
  clock.advance(2 * HOUR);
  await issue(kept);
  await gateway.auth.purge();
  const rows = await client`select user_id from one_time_tokens`;
  expect(rows.map((row) => row.user_id)).toContain(kept.userId);
  expect(rows.map((row) => row.user_id)).not.toContain(gone.userId);
});
