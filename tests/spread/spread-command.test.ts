import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { openDatabase } from "../../src/database/open-database.ts";
import { countServerConnections, tryServersLock } from "../../src/database/servers-lock.ts";
import { openSoleConnection } from "../../src/database/sole-connection.ts";
import { findMisplacedTables } from "../../src/database/spread/citus.ts";
import { places } from "../../src/database/spread/places.ts";
import { createEmptyCitusDatabase, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { TEST_SECRET } from "../support/gateway.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { SCHEMA } from "../support/raw-client.ts";

const run = (database: TestDatabase, ...words: string[]) => runCommand(words, { env: { DATABASE_URL: database.url, SECRET: TEST_SECRET } });

test("every table has a place", async () => {
  const database = await createTestDatabase();
  const tables = await database.sql`
    select relname as name from pg_class where relnamespace = ${SCHEMA}::regnamespace and relkind in ('r', 'p') and not relispartition
      and relname !~ '_[0-9]+$'`;
  expect(tables.map(({ name }) => name).sort()).toEqual(Object.keys(places).sort());
  await database.drop();
});

describe.skipIf(inject("isCitus"))("on a PostgreSQL without Citus", () => {
  test("no table is where it does not belong", async () => {
    const database = await createTestDatabase();
    expect(await findMisplacedTables(database.sql, SCHEMA)).toEqual([]);
    await database.drop();
  });

  test("says what to do, and does nothing", async () => {
    const database = await createTestDatabase();
    for (const words of [["spread"], ["spread", "--plan"]]) {
      expect(await run(database, ...words)).toMatchObject({
        code: 1,
        stdout: "",
        stderr: expect.stringContaining("CREATE EXTENSION citus"),
      });
    }
    await database.drop();
  });
});

describe.skipIf(!inject("isCitus"))("on the Citus of TEST_CITUS_URL", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createEmptyCitusDatabase();
  });
  afterAll(() => database.drop());

  const spreadTables = async () =>
    (await database.sql`select table_name::text as name from citus_tables`).map(({ name }) => String(name).replace(`${SCHEMA}.`, ""));
  const countUsers = async () => (await database.sql`select count(*)::int as users from users`)[0]?.users;

  test("is refused before the tables are there", async () => {
    expect(await run(database, "spread")).toMatchObject({ code: 1, stderr: expect.stringContaining("Run the command migrate first") });
    expect(await run(database, "migrate")).toMatchObject({ code: 0 });
  });

  test("--plan says of every table where it is and where it is to be, and moves none", async () => {
    await database.sql`
      insert into users (id, email, email_key, password_hash, roles, created_at)
      select gen_random_uuid(), n || '@example.com', n || '@example.com', '!', '{user}', now() from generate_series(1, 1000) as n`;
    const { code, stdout } = await run(database, "spread", "--plan");
    expect(code).toBe(0);
    expect(stdout).toMatch(/^users is to be spread by id \(.* now\)\.$/m);
    expect(stdout).toMatch(/^sessions is to be spread by user_id, beside users \(.* now\)\.$/m);
    expect(stdout).toContain("outbox is on the coordinator.\n");
    expect(await spreadTables()).toEqual([]);
  });

  test("is refused while a server is connected", async () => {
    const server = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 2 });
    await server.database.$sql`select 1`;
    expect(await run(database, "spread", "--plan")).toMatchObject({ code: 0, stdout: expect.stringContaining("Stop the servers first") });
    expect(await run(database, "spread")).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("Servers are connected") });
    expect(await spreadTables()).toEqual([]);
    await server.close();
  });

  test("goes on where it was cut off, with every row, and has nothing to do afterwards", async () => {
    await database.sql`select create_distributed_table('auth.users', 'id', colocate_with => 'none')`;
    await expect(startServerProcess({ DATABASE_URL: database.url })).rejects.toThrow(/sessions, .*run the command spread/s);
    const { code, stdout } = await run(database, "spread");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Spread 10 tables over \d+ nodes?\.\n$/)]);
    const wanted = Object.entries(places).filter(([, { kind }]) => kind !== "coordinator");
    expect((await spreadTables()).sort()).toEqual(wanted.map(([name]) => name).sort());
    expect(await countUsers()).toBe(1000);
    const left = await database.sql`select relname from pg_class where oid = 'auth.users'::regclass and pg_relation_size(oid) > 0`;
    expect(left).toEqual([]);
    expect(await run(database, "spread")).toMatchObject({ code: 0, stdout: "Nothing to do: every table is where it belongs.\n" });
    expect((await run(database, "spread", "--plan")).stdout).toContain("sessions is spread by user_id, beside users.\n");
  });

  test("a server starts on tables that are spread, and none while they are taken over", async () => {
    const spreading = openSoleConnection(database.url, { applicationName: "spread" });
    expect(await tryServersLock(spreading.sql, { alone: true })).toBe(true);
    await expect(startServerProcess({ DATABASE_URL: database.url })).rejects.toThrow("The command spread is taking tables over");
    spreading.close();
    const server = await startServerProcess({ DATABASE_URL: database.url });
    expect(await countServerConnections(database.sql)).toBeGreaterThan(0);
    await server.stop();
  });

  test("a table that somebody has spread otherwise is left alone", async () => {
    const other = await createEmptyCitusDatabase();
    await run(other, "migrate");
    await other.sql`select create_distributed_table('auth.identity_subjects', 'issuer')`;
    expect(await run(other, "spread")).toMatchObject({ code: 1, stderr: expect.stringContaining("should be spread by subject") });
    await other.drop();
  });
});
