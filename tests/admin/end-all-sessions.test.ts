import { NIL } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createOperator } from "../../src/auth/operator.ts";
import { createHashingQueue } from "../../src/auth/passwords/hashing-queue.ts";
import { loadPasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import type { Clock } from "../../src/core/clock.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestTransact } from "../support/databases/transact.ts";
import { ISSUER, startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

let one: TestGateway;
/** Another process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  one = await startTestGateway();
  other = await startTestGateway({ database: one.database, clock: one.clock });
});
afterAll(async () => {
  await other.close();
  await one.close();
});

const run = (...words: string[]) =>
  runCommand(["end-all-sessions", ...words], { env: { DATABASE_URL: one.database.url, SECRET: TEST_SECRET, ISSUER } });

const isTaken = async (gateway: TestGateway, token: string) => (await gateway.send(MeFromTokenDocument, {}, { token })).errors.length === 0;

async function expectSignedOut({ accessToken, refreshToken }: { accessToken: string; refreshToken: string | null }): Promise<void> {
  for (const gateway of [one, other]) await until(async () => !(await isTaken(gateway, accessToken)), 5000);
  const { errors } = await one.send(RefreshDocument, { input: { refreshToken } });
  expect(errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "REVOKED_BY_ADMIN" });
}

test("a command signs everybody out: their tokens are refused in every process, and whoever signs in again stays", async () => {
  const users = [await one.register(), await other.register(), await one.registerAdmin()];
  expect(await run()).toMatchObject({ code: 0, stdout: "Signed everybody out.\n" });
  for (const user of users) await expectSignedOut(user);
  const again = await one.login(users[0]?.user.email ?? "");
  expect([await isTaken(one, again.accessToken), await isTaken(other, again.accessToken)]).toEqual([true, true]);
  dataOf(await other.send(RefreshDocument, { input: { refreshToken: again.refreshToken } }));
  const [audited] = await one.database.sql`select user_id, actor_id, detail from audit_events where type = 'FORCED_LOGOUT'`;
  expect(audited).toEqual({ user_id: NIL, actor_id: null, detail: { by: "operator" } });
  await until(async () => {
    await one.auth.markEndedSessions();
    const [row] = await one.database.sql`select count(*)::int as open from sessions where ended_at is null and id <> ${again.session.id}`;
    return row?.open === 0;
  }, 20_000);
  // What was under way meanwhile is looked at an hour later, and then the row goes.
  one.clock.advance(3601);
  await until(async () => {
    await one.auth.markEndedSessions();
    const [row] = await one.database.sql`select count(*)::int as ends from session_ends_of_everybody`;
    return row?.ends === 0;
  }, 20_000);
  const reasons = await one.database.sql`select end_reason, count(*)::int as sessions from sessions where ended_at is not null group by 1`;
  expect(reasons).toEqual([{ end_reason: "REVOKED_BY_ADMIN", sessions: 4 }]);
  const [entries] = await one.database.sql`
    select count(distinct session_id)::int as sessions, count(*)::int as entries from audit_events where type = 'SESSION_REVOKED'`;
  expect(entries).toEqual({ sessions: 4, entries: 4 });
});

test("with a role it signs out those who have it, and nobody else", async () => {
  const [admin, user] = [await one.registerAdmin(), await one.register()];
  const { code, stdout } = await run("--role", "admin");
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Signed out \d users? and ended \d sessions?\.\n$/) });
  await expectSignedOut(admin);
  expect(await isTaken(one, user.accessToken)).toBe(true);
  dataOf(await one.send(RefreshDocument, { input: { refreshToken: user.refreshToken } }));
  expect(await run("--role", "nobody")).toMatchObject({ code: 1, stderr: expect.stringContaining("Nobody has the role nobody.") });
});

test("a role that the configuration has no more still signs out who has it", async () => {
  const former = await one.register();
  await one.database.sql`update users set roles = '{user,courier}' where id = ${former.user.id}`;
  expect(await run("--role", "courier")).toMatchObject({ code: 0, stdout: "Signed out 1 user and ended 1 session.\n" });
  await expectSignedOut(former);
});

/** Somebody at a machine whose clock shows something else. */
async function endAllAt(now: Clock): Promise<void> {
  const own = openDatabase({ url: one.database.url, schema: SCHEMA, poolSize: 2 });
  const [random, engine] = [createSecureRandom(), await loadPasswordEngine()];
  const transact = createTestTransact({ database: own.database, clock: now, random });
  const hashing = { engine, queue: createHashingQueue({ concurrency: 1, capacity: 8 }) };
  const world = { database: own.database, transact, clock: now, random, hashing };
  await createOperator(world, { accessTokenTtlSeconds: 900, serviceNames: [] }).endEverybody.endAll();
  await own.close();
}

test.each([
  ["behind", -600_000],
  ["ahead", 600_000],
])("the clock of the operator may be %s: all are ended by one row, and whoever signs in again stays", async (_way, milliseconds) => {
  const { sql } = one.database;
  const server = await startTestGateway({ database: one.database, clock: createTestClock() });
  await sql`truncate session_ends_of_everybody, revocations`;
  const users = [await server.register(), await server.register()];
  await endAllAt(() => new Date(Date.now() + milliseconds));
  const [left] = await sql`
    select (select count(*)::int from session_ends_of_everybody) as ends,
      (select count(*)::int from revocations where subject_id in ${sql(users.map(({ session }) => session.id))}) as one_by_one`;
  expect(left).toEqual({ one_by_one: 0, ends: 1 });
  for (const user of users) await expectSignedOut(user);
  const again = await server.login(users[0]?.user.email ?? "");
  expect(await isTaken(server, again.accessToken)).toBe(true);
  dataOf(await server.send(RefreshDocument, { input: { refreshToken: again.refreshToken } }));
  await server.close();
});

test("sessions of servers whose clocks are far ahead are ended as well, however many there are", async () => {
  const { sql } = one.database;
  const { user } = await one.register();
  const later = new Date(Date.now() + 3_600_000);
  await sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select gen_random_uuid(), ${user.id}, '\\x00', '\\x00', now(), now(), ${later}, ${later}, ${later} from generate_series(1, 1100)`;
  await sql`update sessions set id = ('f' || substr(id::text, 2))::uuid where user_id = ${user.id} and family_hash = '\\x00'`;
  expect(await run()).toMatchObject({ code: 0 });
  const [ended] = await sql`
    select (select count(*)::int from sessions where id >= 'f0000000-0000-0000-0000-000000000000'
      and end_reason = 'REVOKED_BY_ADMIN') as sessions,
      (select count(*)::int from audit_events where session_id >= 'f0000000-0000-0000-0000-000000000000') as entries,
      (select count(*)::int from revocations where subject_id >= 'f0000000-0000-0000-0000-000000000000') as revocations`;
  expect(ended).toEqual({ sessions: 1100, entries: 1100, revocations: 1100 });
});

test("an end reason that nobody knows is refused by the database, and answered as an end where it is there all the same", async () => {
  const { accessToken, refreshToken, session } = await one.register();
  const write = one.database.sql`update sessions set ended_at = now(), end_reason = 'FORCED_LOGOUT' where id = ${session.id}`;
  await expect(write).rejects.toMatchObject({ code: "23514" });
  await one.database.sql`alter table sessions drop constraint sessions_end_reason`;
  await one.database.sql`update sessions set ended_at = now(), end_reason = 'FORCED_LOGOUT' where id = ${session.id}`;
  const { errors } = await one.send(RefreshDocument, { input: { refreshToken } });
  expect(errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "REVOKED_BY_ADMIN" });
  const asked = await one.post({ query: `{ session(id: "${session.id}") { endReason } }` }, { token: accessToken });
  expect(asked).toMatchObject({ errors: [], data: { session: { endReason: "REVOKED_BY_ADMIN" } } });
});
