import { afterAll, beforeAll, expect, test } from "vitest";
import { noClient } from "../../src/core/client-info.ts";
import { RefreshDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const DAY = 86_400;

let database: TestDatabase;
let gateway: TestGateway;

beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway({ database, clock: createTestClock(), env: { AUDIT_RETENTION: "40d" } });
});

afterAll(async () => {
  await gateway.close();
  await database.drop();
});

async function idsIn(table: string): Promise<string[]> {
  const rows = await database.sql`select * from ${database.sql(table)}`;
  return rows.map((row) => row.subject_id ?? row.id);
}

test("sessions go thirty days after their end, whatever ended them; until then they say why they ended", async () => {
  const [loggedOut, idle] = [await gateway.register(), await gateway.register()];
  await gateway.auth.sessions.logout({ refreshToken: loggedOut.refreshToken ?? "", viewer: undefined }, noClient);
  gateway.clock.advance(29 * DAY);
  const alive = await gateway.register();
  expect((await gateway.auth.purge()).sessions).toBe(0);
  const kept = await gateway.send(RefreshDocument, { input: { refreshToken: loggedOut.refreshToken } });
  expect(kept.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "LOGOUT" });

  gateway.clock.advance(2 * DAY);
  expect((await gateway.auth.purge()).sessions).toBe(1);
  const sessions = await idsIn("sessions");
  expect(sessions).not.toContain(loggedOut.session.id);
  expect(sessions).toContain(idle.session.id);
  const gone = await gateway.send(RefreshDocument, { input: { refreshToken: loggedOut.refreshToken } });
  expect(codesOf(gone)).toEqual(["INVALID_REFRESH_TOKEN"]);

  // The other one was never used again: it ended idle, 14 days after it began.
  gateway.clock.advance(14 * DAY);
  expect((await gateway.auth.purge()).sessions).toBe(1);
  expect(await idsIn("sessions")).toEqual([alive.session.id]);
});

test("revocations go when the last token that they concern has expired", async () => {
  const { session, refreshToken } = await gateway.register();
  await gateway.auth.sessions.logout({ refreshToken: refreshToken ?? "", viewer: undefined }, noClient);
  gateway.clock.advance(15 * 60);
  await gateway.auth.purge();
  expect(await idsIn("revocations")).toContain(session.id);
  // And an hour later, because clocks differ.
  gateway.clock.advance(70 * 60);
  expect((await gateway.auth.purge()).revocations).toBe(1);
  expect(await idsIn("revocations")).toEqual([]);
});

test("an address that nobody can go back to any more is forgotten, and one that somebody can is kept", async () => {
  const { user } = await gateway.register();
  await database.sql`
    insert into email_addresses (email_key, user_id, state, until) values
      ('gone@example.com', ${user.id}, 'RESERVED', ${new Date(gateway.clock.now().getTime() - 3_660_000)}),
      ('kept@example.com', ${user.id}, 'RESERVED', ${new Date(gateway.clock.now().getTime() + 3_660_000)})`;
  expect((await gateway.auth.purge()).reservations).toBe(1);
  const left = await database.sql`select email_key from email_addresses where user_id = ${user.id} order by email_key`;
  expect(left.map(({ email_key }) => email_key)).toEqual(["kept@example.com", user.email]);
});

test("audit events go when AUDIT_RETENTION is over, to the millisecond", async () => {
  await gateway.auth.purge();
  const { user } = await gateway.register();
  const [event] = await database.sql`select id, occurred_at from audit_events where user_id = ${user.id}`;
  const age = () => gateway.clock.now().getTime() - event?.occurred_at.getTime();
  gateway.clock.advance(40 * DAY - age() / 1000 - 60);
  await gateway.auth.purge();
  expect(await idsIn("audit_events")).toContain(event?.id);
  gateway.clock.advance(61);
  expect((await gateway.auth.purge()).auditEvents).toBeGreaterThan(0);
  expect(await idsIn("audit_events")).not.toContain(event?.id);
});

test("many rows go in batches, and the walk over the sessions goes on where it stopped", async () => {
  const { user, session } = await gateway.register();
  const longAgo = new Date(gateway.clock.now().getTime() - 200 * DAY * 1000);
  await database.sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select gen_random_uuid(), ${user.id}, '\\x00', '\\x00', ${longAgo}, ${longAgo}, ${longAgo}, ${longAgo}, ${longAgo}
      from generate_series(1, 3500)`;
  await database.sql`
    insert into revocations (kind, subject_id, revoked_at, expires_at)
    select 'session', gen_random_uuid(), ${longAgo}, ${longAgo} from generate_series(1, 2500)`;
  const purged = await gateway.auth.purge();
  expect(purged).toMatchObject({ sessions: 3500, revocations: 2500 });
  expect(await idsIn("sessions")).toContain(session.id);
});

test("one process at a time: whoever finds another at it leaves it to that one", async () => {
  const longAgo = new Date(gateway.clock.now().getTime() - 200 * DAY * 1000);
  await database.sql`
    insert into revocations (kind, subject_id, revoked_at, expires_at) values ('session', gen_random_uuid(), ${longAgo}, ${longAgo})`;
  await database.sql.begin(async (sql) => {
    await sql`select pg_advisory_xact_lock(hashtextextended('auth purge', 0))`;
    expect(await gateway.auth.purge()).toEqual({
      sessions: 0,
      revocations: 0,
      auditEvents: 0,
      rateLimits: 0,
      oneTimeTokens: 0,
      reservations: 0,
      knownDevices: 0,
      recentNotices: 0,
      messages: 0,
    });
  });
  expect((await gateway.auth.purge()).revocations).toBe(1);
});

test("a purge that is told to stop does no further batch", async () => {
  expect(await gateway.auth.purge(AbortSignal.abort())).toEqual({
    sessions: 0,
    revocations: 0,
    auditEvents: 0,
    rateLimits: 0,
    oneTimeTokens: 0,
    reservations: 0,
    knownDevices: 0,
    recentNotices: 0,
    messages: 0,
  });
});
