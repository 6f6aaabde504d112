import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  DeleteAccountDocument,
  DisableUserDocument,
  EnableUserDocument,
  LoginDocument,
  RefreshDocument,
  RegisterDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type SendOptions } from "../support/client.ts";
import { dump, findTablesOfUsers, tablesWith } from "../support/databases/dump.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { changeEmail, eventsOf, registerVerified, undo, undoTokenOf } from "../support/mail/email-change.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const GRACE = 14 * 86_400;
const LATE = 61;
const ADDRESS = "203.0.113.77";
const ADMINS_ADDRESS = "198.51.100.9";
const DEVICE = "a very personal telephone";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

const erase = (at: TestGateway = gateway) => at.auth.accountLife.eraseAccounts();
const fromHome = (options: SendOptions = {}): SendOptions => ({
  ...options,
  headers: { "x-forwarded-for": ADDRESS, "user-agent": DEVICE },
});

/** Asks for the erasure, and lets the time come. */
async function remove(held: Pick<AuthFieldsFragment, "accessToken">): Promise<void> {
  dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, fromHome({ token: held.accessToken })));
  gateway.clock.advance(GRACE + 1);
}

/** As nothing is left of it but entries under a pseudonym. */
async function eraseWholly(): Promise<number> {
  await erase();
  gateway.clock.advance(LATE);
  return erase();
}

/** A user of whom every table knows something. */
async function live(): Promise<{ held: AuthFieldsFragment; admin: AuthFieldsFragment; personal: string[]; entries: readonly string[] }> {
  const { sql } = gateway.database;
  const email = newEmail();
  const first = dataOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }, fromHome())).register;
  const userId = first.user.id;
  await sql`update users set email_verified = true, roles = '{user,admin}' where id = ${userId}`;
  const logIn = async (address: string) =>
    dataOf(await gateway.send(LoginDocument, { input: { email: address, password: PASSWORD } }, fromHome())).login;
  await gateway.send(LoginDocument, { input: { email, password: "another walk" } }, fromHome());
  const moved = await changeEmail(gateway, await logIn(email), newEmail());

  // Deeds to somebody else, and an admin's to this one.
  const other = await gateway.register();
  const asAdmin = await logIn(moved.user.email);
  dataOf(await gateway.send(DisableUserDocument, { userId: other.user.id }, fromHome({ token: asAdmin.accessToken })));
  const admin = await gateway.registerAdmin();
  const byAdmin = { token: admin.accessToken, headers: { "x-forwarded-for": ADMINS_ADDRESS, "user-agent": "an admin's desk" } };
  const reason = `is ${moved.user.email}, whom everybody knows`;
  dataOf(await gateway.send(DisableUserDocument, { userId, reason }, byAdmin));
  dataOf(await gateway.send(EnableUserDocument, { userId }, byAdmin));
  await sql`insert into known_devices values (${userId}, '\\x00', now())`;
  await sql`insert into recent_notices (user_id, topic, told_at, last_told_at) values (${userId}, 'a topic', '{}', now())`;
  await sql`insert into identity_subjects (issuer, subject, user_id) values ('https://issuer.example', ${email}, ${userId})`;

  const held = await logIn(moved.user.email);
  const sessions = await sql`select id from sessions where user_id = ${userId}`;
  const entries = await sql`select id from audit_events where user_id = ${userId} or actor_id = ${userId} order by id`;
  const personal = [userId, ...sessions.map(({ id }) => id), email, moved.user.email, ADDRESS, DEVICE, reason];
  return { held, admin, personal, entries: entries.map(({ id }) => id) };
}

describe("erasing an account", () => {
  test("leaves nothing in any table that tells of its user, and every audit event, under one pseudonym", async () => {
    const { sql } = gateway.database;
    const { held, admin, personal, entries } = await live();
    const userId = held.user.id;
    const before = await sql.begin(async (tx) => {
      // Ends no session; unseen by whoever marks those that it would end, and then deletes it.
      await tx`
        insert into session_ends (id, user_id, opened_below, ended_at, end_reason)
        values (gen_random_uuid(), ${userId}, 0, now(), 'LOGOUT_ALL')`;
      return dump(tx);
    });
    const tables = ["users", ...(await findTablesOfUsers(sql))];
    // That of the erasure itself has a row as long as it lasts.
    expect(tables.filter((table) => !tablesWith(before, userId).includes(table))).toEqual(["account_erasures"]);
    for (const secret of personal) expect([secret, tablesWith(before, secret).length > 0]).toEqual([secret, true]);
    const types = await sql`select type, succeeded from audit_events where id = any(${entries}::uuid[]) order by id`;
    await remove(held);
    // Revocations stay for as long as tokens live, which is long ago.
    await gateway.auth.purge();
    expect(await eraseWholly()).toBe(1);

    const after = await dump(sql);
    expect(personal.flatMap((secret) => tablesWith(after, secret).map((table) => [secret, table]))).toEqual([]);
    const kept = await sql`select * from audit_events where id = any(${entries}::uuid[]) order by id`;
    expect(kept.map(({ type, succeeded }) => ({ type, succeeded }))).toEqual([...types]);

    const [erased] = await sql`select * from audit_events where type = 'ACCOUNT_ERASED'`;
    const pseudonym = erased?.user_id;
    expect(erased).toMatchObject({ actor_id: null, session_id: null, ip_address: null, user_agent: null });
    for (const row of kept) expect([row.user_id, row.actor_id]).toContain(pseudonym);
    // What an admin did to the user still says who and from where; what the user did to others says when and what.
    const deeds = kept.filter(({ type }) => type === "USER_DISABLED");
    expect(deeds).toMatchObject([
      { actor_id: pseudonym, ip_address: null, user_agent: null },
      { user_id: pseudonym, actor_id: admin.user.id, ip_address: ADMINS_ADDRESS, detail: { endedSessions: 3 } },
    ]);
    const ended = await sql`select detail from audit_events where user_id = ${pseudonym} and type = 'SESSION_REVOKED'`;
    expect(ended.map(({ detail }) => detail.reason)).toEqual(["USER_DISABLED", "USER_DISABLED", "USER_DISABLED", "ACCOUNT_DELETED"]);
  });

  test("entries of one session stay together, under an id that an admin can ask for", async () => {
    const { sql } = gateway.database;
    const held = await gateway.register();
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }));
    const other = await gateway.login(held.user.email);
    await sql`update sessions set created_at = ${gateway.clock.now()} where id = ${other.session.id}`;
    const eventIds = await sql`select id, session_id from audit_events where user_id = ${held.user.id} and session_id is not null`;
    await remove(refresh);
    await eraseWholly();
    const mapped = new Map<string, Set<string>>();
    for (const { id, session_id } of eventIds) {
      const [row] = await sql`select session_id from audit_events where id = ${id}`;
      mapped.set(session_id, (mapped.get(session_id) ?? new Set()).add(row?.session_id));
    }
    expect([...mapped.values()].map((ids) => ids.size)).toEqual([1, 1]);
    const [one = "", two = ""] = [...mapped.values()].flatMap((ids) => [...ids]);
    expect(one).not.toBe(two);
    const admin = await gateway.registerAdmin();
    const query = `{ auditEvents(filter: { sessionId: "${one}" }) { edges { node { type } } } }`;
    const { text } = await gateway.post({ query }, { token: admin.accessToken });
    expect(text.match(/"TOKEN_REFRESHED"/g)).toHaveLength(1);
  });

  test("the same address registers anew at once, as somebody else", async () => {
    const held = await gateway.register();
    await remove(held);
    await erase();
    const input = { email: held.user.email, password: PASSWORD };
    const again = dataOf(await gateway.send(RegisterDocument, { input })).register;
    expect(again.user.id).not.toBe(held.user.id);
    gateway.clock.advance(LATE);
    expect(await erase()).toBe(1);
    expect(codesOf(await gateway.send(LoginDocument, { input }))).toEqual([]);
  });

  test("frees the addresses that the account could go back to, whose links are void", async () => {
    const held = await registerVerified(gateway);
    const moved = await changeEmail(gateway, held, newEmail());
    const token = await undoTokenOf(gateway, held.user.email);
    const { sql } = gateway.database;
    await remove(moved);
    // The row may outlive what was told by as much as clocks differ.
    await sql`update one_time_tokens set expires_at = ${new Date(gateway.clock.now().getTime() + 2 * GRACE * 1000)}
      where user_id = ${held.user.id}`;
    await erase();
    expect(codesOf(await undo(gateway, token))).toEqual(["INVALID_ONE_TIME_TOKEN"]);
    const input = { email: held.user.email, password: PASSWORD };
    expect(codesOf(await gateway.send(RegisterDocument, { input }))).toEqual([]);
  });

  test("a refresh token of it says nothing any more", async () => {
    const held = await gateway.register();
    await remove(held);
    await eraseWholly();
    expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }))).toEqual(["INVALID_REFRESH_TOKEN"]);
  });

  test("takes in an entry that a request under way writes after it has begun", async () => {
    const { sql } = gateway.database;
    const held = await gateway.register();
    await remove(held);
    await erase();
    await sql`
      insert into audit_events (id, type, occurred_at, user_id, ip_address, succeeded)
      values (gen_random_uuid(), 'LOGIN_FAILED', now(), ${held.user.id}, ${ADDRESS}, false)`;
    expect(await erase()).toBe(0);
    gateway.clock.advance(LATE);
    expect(await erase()).toBe(1);
    expect(await eventsOf(gateway, held.user.id)).toEqual([]);
  });
});

test("whose time has not come stays, as does whoever has not asked", async () => {
  const [asked, other] = [await gateway.register(), await gateway.register()];
  dataOf(await gateway.send(DeleteAccountDocument, {}, { token: asked.accessToken }));
  gateway.clock.advance(GRACE - 2 * LATE);
  expect(await eraseWholly()).toBe(0);
  const rows = await gateway.database.sql`select email from users where id in (${asked.user.id}, ${other.user.id}) order by id`;
  expect(rows.map(({ email }) => email)).toEqual([asked.user.email, other.user.email]);
  gateway.clock.advance(LATE);
  expect(await eraseWholly()).toBe(1);
});

test("without a grace nobody comes back, and the next run erases", async () => {
  const strict = await startTestGateway({ env: { ACCOUNT_DELETION_GRACE: "0s" } });
  const held = await strict.register();
  dataOf(await strict.send(DeleteAccountDocument, {}, { token: held.accessToken }));
  const input = { email: held.user.email, password: PASSWORD };
  expect(codesOf(await strict.send(LoginDocument, { input }))).toEqual(["INVALID_CREDENTIALS"]);
  await erase(strict);
  expect(await strict.database.sql`select id from users where email = ${held.user.email}`).toHaveLength(0);
  expect(await strict.database.sql`select id from outbox where user_id = ${held.user.id}`).toHaveLength(0);
  expect(codesOf(await strict.send(RegisterDocument, { input }))).toEqual([]);
  await strict.close();
});

test("two processes erase each account once", async () => {
  const twin = await startTestGateway({ database: gateway.database, clock: gateway.clock });
  for (let users = 0; users < 10; users += 1) {
    const held = await gateway.register();
    dataOf(await gateway.send(DeleteAccountDocument, {}, { token: held.accessToken }));
  }
  gateway.clock.advance(GRACE + 1);
  const count = async () => (await gateway.database.sql`select count(*)::int from audit_events where type = 'ACCOUNT_ERASED'`)[0]?.count;
  const before = await count();
  const both = async () => (await Promise.all([erase(gateway), erase(twin)])).reduce((sum, erased) => sum + erased, 0);
  let erased = await both();
  gateway.clock.advance(LATE);
  // Where both are at one account, the second leaves it to the first, or to the next run.
  erased += (await both()) + (await erase());
  expect([erased, (await count()) - before]).toEqual([10, 10]);
  expect(await gateway.database.sql`select id from users where email = 'erased'`).toHaveLength(0);
  await twin.close();
});

test("a run that is told to stop begins nothing", async () => {
  const held = await gateway.register();
  await remove(held);
  expect(await gateway.auth.accountLife.eraseAccounts(AbortSignal.abort())).toBe(0);
  const [row] = await gateway.database.sql`select email from users where id = ${held.user.id}`;
  expect(row?.email).toBe(held.user.email);
  expect(await eraseWholly()).toBe(1);
});
