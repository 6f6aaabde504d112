import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { takeSoleLock } from "../../src/database/sole-lock.ts";
import { LogoutDocument, MeFromTokenDocument, RefreshDocument, RequestPasswordResetDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startPgBouncer, type TestPgBouncer } from "../support/databases/pgbouncer.ts";
import { startTestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const LAST_MIGRATIONS = ["0013_sessions_of_user", "0014_known_end_reasons", "0015_end_reasons_checked"];

let database: TestDatabase;
let pooler: TestPgBouncer;
beforeAll(async () => {
  database = await createTestDatabase();
  pooler = await startPgBouncer(database.url);
});
afterAll(async () => {
  await pooler.close();
  await database.drop();
});

/** By whom anything is locked across transactions, or was set for others who come after. */
async function expectNothingLeft(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, prepare: false, fetch_types: false });
  expect(
    await sql`select from pg_locks where locktype = 'advisory' and database = (select oid from pg_database
      where datname = current_database())`,
  ).toEqual([]);
  expect(await sql`show statement_timeout`).toEqual([{ statement_timeout: "7s" }]);
  await sql.end();
}

test("migrations and locks through a PgBouncer in transaction mode leave nothing behind on its connections", async () => {
  const name = new URL(database.url).pathname.slice(1);
  await database.sql.unsafe(`alter database ${name} set statement_timeout = '7s'`);
  // The second time they meet what the first time has left.
  for (const _ of [1, 2]) {
    await database.sql`delete from migrations where name in ${database.sql(LAST_MIGRATIONS)}`;
    expect(await migrateDatabase(pooler.url, SCHEMA)).toBe(LAST_MIGRATIONS.length);
    await expectNothingLeft(pooler.url);
  }
  const lock = await takeSoleLock(pooler.url, "of a test");
  expect(await takeSoleLock(pooler.url, "of a test", { patienceMilliseconds: 200 })).toBeUndefined();
  await lock?.release();
  const next = await takeSoleLock(pooler.url, "of a test");
  expect(next).toBeDefined();
  await next?.release();
  await expectNothingLeft(pooler.url);
  await database.sql.unsafe(`alter database ${name} reset statement_timeout`);
});

/** Two gateways behind a pooler, whose connections are fewer than theirs. */
async function serve(url: string, env: Record<string, string>): Promise<void> {
  const parts = { database: { ...database, url }, env: { DATABASE_URL: url, DATABASE_DIRECT_URL: database.url, ...env } };
  const one = await startTestGateway(parts);
  const other = await startTestGateway(parts);
  const users = await Promise.all(Array.from({ length: 12 }, () => one.register()));
  for (let round = 0; round < 5; round += 1) {
    await Promise.all(
      users.map(async ({ user }, index) => {
        const gateway = index % 2 === 0 ? one : other;
        const { refreshToken, accessToken } = await gateway.login(user.email);
        dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }));
        dataOf(await one.send(LogoutDocument, {}, { token: accessToken }));
        const reason = async () => (await other.send(MeFromTokenDocument, {}, { token: accessToken })).errors[0]?.extensions.reason;
        await until(async () => (await reason()) === "revoked", 5000);
      }),
    );
  }
  await one.send(RequestPasswordResetDocument, { email: users[0]?.user.email ?? "" });
  await until(() => [...one.shownMails, ...other.shownMails].length > 0, 10_000);
  expect((await fetch(`${one.url}/readyz`)).status).toBe(200);
  await Promise.all([one.close(), other.close()]);
}

test.each([
  ["DATABASE_PREPARED_STATEMENTS=off", "", { DATABASE_PREPARED_STATEMENTS: "off" }],
  ["pgbouncer=true in DATABASE_URL", "?pgbouncer=true&connection_limit=1", {}],
])("a PgBouncer in transaction mode serves with %s, with nothing else set", (_name, query, env) => serve(pooler.url + query, env));

// The newest of Debian is older: see CONTRIBUTING.md.
const { PGBOUNCER } = process.env;

test.skipIf(PGBOUNCER === undefined)(
  "a PgBouncer of 1.21 or later, named by PGBOUNCER, serves in transaction mode with nothing set, and prepares statements",
  async () => {
    // Fewer than there are, so that it has to forget some.
    const later = await startPgBouncer(database.url, { program: PGBOUNCER ?? "", preparedStatements: 20 });
    await serve(later.url, {});
    const sql = postgres(later.url, { max: 1, prepare: false, fetch_types: false });
    expect(await sql`select count(*) > 0 as prepared from pg_prepared_statements where name like 'PGBOUNCER%'`).toEqual([
      { prepared: true },
    ]);
    await sql.end();
    await later.close();
  },
);
