import { readdirSync, readFileSync } from "node:fs";
import postgres from "postgres";
import { afterEach, beforeEach, expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { takeSoleLock } from "../../src/database/sole-lock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const MIGRATIONS = ["0013_sessions_of_user", "0014_known_end_reasons", "0015_end_reasons_checked"];

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
  await database.sql`delete from migrations where name in ${database.sql(MIGRATIONS)}`;
});
afterEach(() => database.drop());

/** As it was before what sessions are looked up by has been built. */
async function goBack({ sql }: TestDatabase): Promise<void> {
  await sql`drop index sessions_of_user`;
  await sql`create index sessions_user_id on sessions (user_id)`;
  await sql`alter table sessions drop constraint sessions_end_reason`;
}

async function insertSession({ sql }: TestDatabase, endReason: string | null): Promise<void> {
  const email = `${crypto.randomUUID()}@example.com`;
  const [user] = await sql`
    insert into users (id, email, email_key, password_hash, roles, status, created_at)
    values (gen_random_uuid(), ${email}, ${email}, '!', '{user}', 'ACTIVE', now()) returning id`;
  await sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at,
      access_expires_at, end_reason)
    values (gen_random_uuid(), ${user?.id}, '', '', now(), now(), now(), now(), now(), ${endReason})`;
}

/** Undefined: not there. */
async function isValid({ sql }: TestDatabase, index: string): Promise<boolean | undefined> {
  const [row] = await sql`select indisvalid from pg_index where indexrelid = to_regclass(${`auth.${index}`})`;
  return row?.indisvalid;
}

async function expectApplied({ sql }: TestDatabase): Promise<void> {
  expect(await isValid(database, "sessions_of_user")).toBe(true);
  expect(await isValid(database, "sessions_user_id")).toBeUndefined();
  expect(await sql`select convalidated from pg_constraint where conname = 'sessions_end_reason'`).toEqual([{ convalidated: true }]);
}

test("the index that sessions are looked up by is built while they are written, and anew where its build was cut off", async () => {
  await goBack(database);
  const reader = postgres(database.url, { max: 1, onnotice: () => undefined });
  await reader`begin isolation level repeatable read`;
  // Whatever began before is waited for, so the build stands still, half done.
  await reader`select 1`;
  const building = migrateDatabase(database.url, SCHEMA).then(
    () => "built",
    () => "cut off",
  );
  await until(async () => (await isValid(database, "sessions_of_user")) === false, 5000);
  await insertSession(database, null);
  expect(await isValid(database, "sessions_user_id")).toBe(true);
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'create index concurrently%'`;
  expect(await building).toBe("cut off");
  await reader`commit`;
  await reader.end();
  expect(await migrateDatabase(database.url, SCHEMA)).toBe(MIGRATIONS.length);
  await expectApplied(database);
});

test("nobody waits for a change of a table that waits for a long reader, and it is made once that has ended", async () => {
  const reader = postgres(database.url, { max: 1, onnotice: () => undefined });
  await reader`begin`;
  await reader`select from auth.sessions`;
  const lines: string[] = [];
  const tell = (line: string) => void lines.push(line);
  const migrating = migrateDatabase(database.url, SCHEMA, { tell, waitMilliseconds: 50, pauseMilliseconds: 50 });
  await until(() => lines.length > 0, 5000);
  await insertSession(database, null);
  await reader`commit`;
  await reader.end();
  expect(await migrating).toBe(MIGRATIONS.length);
  expect(lines).toEqual([expect.stringContaining("0014_known_end_reasons changes a table that somebody has used for longer")]);
  await expectApplied(database);
});

test("a start is given up, and does not hang, where the journal is not answered", async () => {
  const other = postgres(database.url, { max: 1, onnotice: () => undefined });
  await other`begin`;
  await other`lock table auth.migrations in access exclusive mode`;
  await expect(migrateDatabase(database.url, SCHEMA, { deadlineMilliseconds: 300 })).rejects.toMatchObject({ code: "STATEMENT_TIMEOUT" });
  await other.end();
});

test("whoever waits for another process that migrates says so, once, and goes on after it", async () => {
  const other = await takeSoleLock(database.url, `${SCHEMA} migrations`);
  const lines: string[] = [];
  const migrating = migrateDatabase(database.url, SCHEMA, { tell: (line) => void lines.push(line) });
  await until(() => lines.length > 0, 5000);
  await other?.release();
  expect(await migrating).toBe(MIGRATIONS.length);
  expect(lines).toEqual([expect.stringContaining("Another process migrates the schema auth")]);
});

test("an index that was there before is dropped beside those who read and write", () => {
  const folder = new URL("../../drizzle/", import.meta.url);
  const drops = readdirSync(folder)
    .filter((name) => name.endsWith(".sql") && /^DROP INDEX (?!CONCURRENTLY)/m.test(readFileSync(new URL(name, folder), "utf8")))
    .sort();
  // Versions that were released before this was a rule.
  expect(drops).toEqual(["0002_admin_and_feed.sql"]);
});

test("reasons that an operator has written by hand become known ones, and no other one is taken from then on", async () => {
  await goBack(database);
  await insertSession(database, "FORCED_LOGOUT");
  await migrateDatabase(database.url, SCHEMA);
  expect(await database.sql`select end_reason from sessions`).toEqual([{ end_reason: "REVOKED_BY_ADMIN" }]);
  await expect(insertSession(database, "FORCED_LOGOUT")).rejects.toThrow("sessions_end_reason");
  await expectApplied(database);
});

test("an installation that built the index before it was built this way keeps it", async () => {
  const oid = async () => (await database.sql`select to_regclass('auth.sessions_of_user')::oid::int as oid`)[0]?.oid;
  const before = await oid();
  expect(await migrateDatabase(database.url, SCHEMA)).toBe(MIGRATIONS.length);
  expect(await oid()).toBe(before);
  await expectApplied(database);
});

test("entries that somebody has written into the audit trail by hand stay, and no other unknown one is taken from then on", async () => {
  const { sql, url } = database;
  const write = () => sql`
    insert into audit_events (id, type, occurred_at, succeeded) values (gen_random_uuid(), 'WRITTEN_BY_HAND', now(), true)`;
  await sql`alter table audit_events drop constraint audit_events_type_known`;
  await sql`delete from migrations where name = '0016_known_audit_event_types'`;
  await write();
  await migrateDatabase(url, SCHEMA);
  expect(await sql`select type from audit_events`).toEqual([{ type: "WRITTEN_BY_HAND" }]);
  await expect(write()).rejects.toThrow("audit_events_type_known");
});
