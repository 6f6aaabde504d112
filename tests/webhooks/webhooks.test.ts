import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { auditEventTypes } from "../../src/auth/audit/audit-events.ts";
import { parseConfig } from "../../src/config/config.ts";
import { noClient } from "../../src/core/client-info.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { createWebhookCalls } from "../../src/webhooks/webhook-calls.ts";
import { webhookEventOf } from "../../src/webhooks/webhook-events.ts";
import {
  ChangePasswordDocument,
  DisableUserDocument,
  EnableUserDocument,
  LoginDocument,
  LogoutAllDocument,
  LogoutDocument,
  RefreshDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { createTestTransact } from "../support/databases/transact.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import { keptCalls } from "../support/webhooks/webhook-calls.ts";
import { type StatementTap, tapStatements } from "../support/wires/statement-tap.ts";

const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
/** Nothing listens there. */
const EVERYTHING = "http://127.0.0.1:9/everything";
const ENDS = "http://127.0.0.1:9/ends";
const events = "[user.registered, user.signed_in, user.password_changed, user.roles_changed, user.disabled, user.enabled, session.ended]";
const gatewayYaml = `
roles: { support: {} }
webhooks:
  - { url: "${EVERYTHING}", secret: { env: HOOK_SECRET }, events: ${events} }
  - { url: "${ENDS}", secret: [{ env: HOOK_SECRET }], events: [session.ended] }
`;

let database: TestDatabase;
let tap: StatementTap;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  gateway = await startTestGateway({ database: { ...database, url: tap.url }, env: { HOOK_SECRET }, gatewayYaml });
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
});

/** What is told to the URL that wants everything, without what the setting up of a test has caused. */
async function newsOf(userId: string, since = 0) {
  const calls = (await keptCalls(gateway, userId)).filter(({ url }) => url === EVERYTHING);
  return calls.slice(since).map(({ body: { type, data } }): Record<string, unknown> => ({ type, ...data }));
}

describe("each event is told with ids and facts, and nothing personal", () => {
  test("a registration and a login", async () => {
    const { user, session } = await gateway.register();
    const second = await gateway.login(user.email);
    expect(await newsOf(user.id)).toEqual([
      { type: "user.registered", userId: user.id, sessionId: session.id },
      { type: "user.signed_in", userId: user.id, sessionId: second.session.id },
    ]);
    const [call] = await keptCalls(gateway, user.id);
    const [event] = await database.sql`select occurred_at from audit_events where user_id = ${user.id} order by id`;
    expect(Object.keys(call?.body ?? {})).toEqual(["type", "timestamp", "data"]);
    expect(call?.body.timestamp).toBe(event?.occurred_at.toISOString());
  });

  test("a logout", async () => {
    const { user, session, accessToken: token } = await gateway.register();
    await gateway.send(LogoutDocument, {}, { token });
    expect(await newsOf(user.id, 1)).toEqual([{ type: "session.ended", userId: user.id, sessionId: session.id, reason: "LOGOUT" }]);
  });

  test("a logout everywhere: once for each session", async () => {
    const { user, session } = await gateway.register();
    const laptop = await gateway.login(user.email);
    await gateway.send(LogoutAllDocument, {}, { token: laptop.accessToken });
    const ends = await newsOf(user.id, 2);
    expect(ends.map(({ type, reason }) => [type, reason])).toEqual([
      ["session.ended", "LOGOUT_ALL"],
      ["session.ended", "LOGOUT_ALL"],
    ]);
    expect(ends.map(({ sessionId }) => sessionId).sort()).toEqual([session.id, laptop.session.id].sort());
  });

  test("an old refresh token", async () => {
    const { user, session, refreshToken } = await gateway.register();
    const second = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh;
    await gateway.send(RefreshDocument, { input: { refreshToken: second.refreshToken } });
    expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await newsOf(user.id, 1)).toEqual([{ type: "session.ended", userId: user.id, sessionId: session.id, reason: "REUSE_DETECTED" }]);
  });

  test("a new password, and the sessions that it ends; not one that was refused", async () => {
    const { user, session } = await gateway.register();
    const { accessToken: token, session: own } = await gateway.login(user.email);
    const change = (currentPassword: string) =>
      gateway.send(ChangePasswordDocument, { input: { currentPassword, newPassword: "another walk by the sea" } }, { token });
    expect(codesOf(await change("not my password"))).toEqual(["INVALID_CREDENTIALS"]);
    dataOf(await change(PASSWORD));
    expect(await newsOf(user.id, 2)).toEqual([
      { type: "session.ended", userId: user.id, sessionId: session.id, reason: "PASSWORD_CHANGED" },
      { type: "user.password_changed", userId: user.id, sessionId: own.id },
    ]);
  });

  test("what an admin does", async () => {
    const { accessToken: token } = await gateway.registerAdmin();
    const { user, session } = await gateway.register();
    const userId = user.id;
    dataOf(await gateway.send(SetUserRolesDocument, { userId, roles: ["user", "support"] }, { token }));
    dataOf(await gateway.send(DisableUserDocument, { userId, reason: "a secret of the admin's" }, { token }));
    dataOf(await gateway.send(EnableUserDocument, { userId }, { token }));
    expect(await newsOf(userId, 1)).toEqual([
      { type: "user.roles_changed", userId, roles: ["user", "support"] },
      { type: "session.ended", userId, sessionId: session.id, reason: "USER_DISABLED" },
      { type: "user.disabled", userId },
      { type: "user.enabled", userId },
    ]);
  });

  test("failed logins, refreshes and replays are told to nobody", async () => {
    const { user, refreshToken } = await gateway.register();
    await gateway.send(LoginDocument, { input: { email: user.email, password: "another walk by the sea" } });
    for (let times = 0; times < 2; times += 1) await gateway.send(RefreshDocument, { input: { refreshToken } });
    expect(await newsOf(user.id, 1)).toEqual([]);
  });
});

test("each URL is told what it wants to know, in messages of its own", async () => {
  const { user, accessToken: token } = await gateway.register();
  await gateway.send(LogoutDocument, {}, { token });
  const calls = await keptCalls(gateway, user.id);
  expect(calls.map(({ url, type }) => [url, type]).sort()).toEqual([
    [ENDS, "session.ended"],
    [EVERYTHING, "session.ended"],
    [EVERYTHING, "user.registered"],
  ]);
  expect(new Set(calls.map(({ id }) => id)).size).toBe(3);
});

describe("told if and only if it is committed", () => {
  test("a login takes as many statements as without webhooks", async () => {
    const { user } = await gateway.register();
    await gateway.login(user.email);
    const statements = await tap.during(() => gateway.login(user.email));
    expect(statements.filter((statement) => /insert into outbox|insert into sessions/.test(statement))).toHaveLength(1);
  });

  test("a login that finds its user disabled by then tells nothing", async () => {
    const { user } = await gateway.register();
    const changing = await database.sql.reserve();
    await changing.unsafe(`begin; update users set status = 'DISABLED' where id = '${user.id}'`);
    const login = gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } });
    await untilLockWait(database.sql);
    await changing`commit`;
    changing.release();
    expect(codesOf(await login)).toEqual(["INVALID_CREDENTIALS"]);
    expect(await newsOf(user.id, 1)).toEqual([]);
  });

  test("a transaction that is rolled back after it has recorded leaves no news", async () => {
    const { user } = await gateway.register();
    const { database: own, close } = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 1 });
    const [clock, random] = [gateway.clock.now, createSecureRandom()];
    const messagesOf = createWebhookCalls([{ url: EVERYTHING, events: ["user.enabled"] }]);
    const transact = createTestTransact({ database: own, clock, random }, { secret: TEST_SECRET, messagesOf });
    const enable = (outcome: () => void) =>
      transact(noClient, async ({ record }) => {
        await record({ type: "USER_ENABLED", userId: user.id });
        outcome();
      });
    const failing = enable(() => {
      throw new Error("rolled back");
    });
    await expect(failing).rejects.toThrow("rolled back");
    expect(await newsOf(user.id, 1)).toEqual([]);
    await enable(() => undefined);
    expect(await newsOf(user.id, 1)).toEqual([{ type: "user.enabled", userId: user.id }]);
    await close();
  });

  test("every session that any test has ended has been told of exactly once", async () => {
    const ended = await database.sql`select id from sessions where ended_at is not null order by id`;
    const told = (await keptCalls(gateway)).filter(({ url, type }) => url === ENDS && type === "session.ended");
    expect(ended.length).toBeGreaterThan(5);
    expect(told.map(({ body }) => body.data.sessionId).sort()).toEqual(ended.map(({ id }) => id).sort());
  });
});

test("whoever has thousands of sessions is disabled all the same, and each of them is told", async () => {
  const { accessToken: token } = await gateway.registerAdmin();
  const { user } = await gateway.register();
  const now = gateway.clock.now();
  const later = new Date(now.getTime() + 3_600_000);
  await database.sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select gen_random_uuid(), ${user.id}, '\\x00', '\\x00', ${now}, ${now}, ${later}, ${later}, ${later} from generate_series(1, 5000)`;
  dataOf(await gateway.send(DisableUserDocument, { userId: user.id }, { token }));
  const countTold = async () => {
    const [row] = await database.sql`
      select count(*)::int as calls, count(distinct id)::int as ids from outbox where user_id = ${user.id} and topic = 'session.ended'`;
    return row;
  };
  await until(async () => {
    await gateway.auth.markEndedSessions();
    return (await countTold())?.calls >= 10_002;
  }, 50_000);
  expect(await countTold()).toEqual({ calls: 10_002, ids: 10_002 });
}, 60_000);

test("without webhooks nothing is written for them, and a login is the statement that it was", async () => {
  const plain = await startTestGateway({
    database: { ...database, url: tap.url },
    gatewayYaml: "mail: { notices: { new_device: false } }\n",
  });
  const { user } = await plain.register();
  const statements = await tap.during(() => plain.login(user.email));
  expect(statements.filter((statement) => /insert into outbox|known_devices/.test(statement))).toEqual([]);
  expect(await keptCalls(plain, user.id)).toEqual([]);
  await plain.close();
});

test("what can be subscribed to is what can be told, all of it", () => {
  const base = { id: "e", occurredAt: new Date(), userId: "u", actorId: "u", sessionId: "s", ipAddress: null, userAgent: null };
  const told = auditEventTypes.flatMap((type) => webhookEventOf({ ...base, type, succeeded: true, detail: null })?.type ?? []);
  const subscribe = (event: string) => {
    const section = `[{ url: "https://a.test", secret: { env: HOOK_SECRET }, events: ["${event}"] }]`;
    return parseConfig({ HOOK_SECRET }, { path: "gateway.yaml", text: `webhooks: ${section}` }).webhooks[0]?.events[0];
  };
  for (const type of told) expect(subscribe(type)).toBe(type);
  expect(new Set(told).size).toBe(14);
});
