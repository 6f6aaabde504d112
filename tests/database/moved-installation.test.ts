import { randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { describeSchema } from "../support/databases/describe-schema.ts";
import { installInPublic } from "../support/databases/public-installation.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";
import { startTcpProxy } from "../support/wires/tcp-proxy.ts";

const ALL = 7;
let fresh: readonly string[];
const databases: TestDatabase[] = [];
beforeAll(async () => {
  const template = await createTestDatabase();
  fresh = await describeSchema(template.sql, SCHEMA);
  await template.drop();
});
afterAll(async () => {
  for (const database of databases) await database.drop();
});

/** An installation of before with a user who has a session, beside an application that uses Drizzle as well. */
async function createInstallation(migrations = ALL): Promise<TestDatabase & { userId: string }> {
  const database = await createEmptyDatabase();
  databases.push(database);
  await installInPublic(database.url, migrations);
  const [userId, email] = [randomUUID(), `${randomUUID()}@example.com`];
  await database.sql`
    insert into public.users (id, email, email_key, password_hash, roles, created_at)
      values (${userId}, ${email}, ${email}, '!', '{user}', now())`;
  await database.sql`
    insert into public.sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at,
      access_expires_at)
    values (${randomUUID()}, ${userId}, '', '', now(), now(), now(), now(), now())`;
  await database.sql`create table public.orders (id int)`;
  await database.sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the application', 9999999999999)`;
  return { ...database, userId };
}

async function expectMoved({ sql, userId }: TestDatabase & { userId: string }): Promise<void> {
  expect(await describeSchema(sql, SCHEMA)).toEqual(fresh);
  expect(await sql`select users.id from auth.users join auth.sessions on sessions.user_id = users.id`).toEqual([{ id: userId }]);
  expect(await sql`select relname from pg_class where relnamespace = 'public'::regnamespace`).toEqual([{ relname: "orders" }]);
  expect(await sql`select proname from pg_proc where pronamespace = 'public'::regnamespace`).toEqual([]);
  expect(await sql`select hash from drizzle.__drizzle_migrations`).toEqual([{ hash: "of the application" }]);
}

describe("an installation in the schema public", () => {
  test.each([1, 2, 3, 4, 5, 6, ALL])(
    "is moved and brought up to date after %i migrations, and an application's own are left",
    async (migrations) => {
      const database = await createInstallation(migrations);
      expect(await migrateDatabase(database.url, SCHEMA)).toBeGreaterThan(0);
      await expectMoved(database);
      expect(await migrateDatabase(database.url, SCHEMA)).toBe(0);
    },
  );

  test("is moved once by processes that start together", async () => {
    const database = await createInstallation(6);
    const applied = await Promise.all(Array.from({ length: 4 }, () => migrateDatabase(database.url, SCHEMA)));
    expect(applied.filter((count) => count > 0)).toHaveLength(1);
    await expectMoved(database);
  });

  test("is moved wholly, wherever the connection was cut off before", async () => {
    const database = await createInstallation(3);
    for (let answers = 1, isDone = false; !isDone; answers += 1) {
      const proxy = await startTcpProxy(database.url, { answers });
      isDone = await migrateDatabase(proxy.url, SCHEMA).then(
        () => true,
        () => false,
      );
      await proxy.close();
      const [where] =
        await database.sql`select to_regclass('public.users') is null as moved, to_regclass('auth.migrations') is null as unmoved`;
      expect(where?.moved).toBe(!where?.unmoved);
    }
    await expectMoved(database);
  });

  test("is refused where one of its tables is an application's, and nothing is changed", async () => {
    const database = await createInstallation();
    await database.sql`alter table public.users rename to former_users`;
    await database.sql`create table public.users (id uuid primary key, name text)`;
    await expect(migrateDatabase(database.url, SCHEMA)).rejects.toThrow("public.users is none of its: there is no column email");
    expect(await database.sql`select count(*)::int as n from drizzle.__drizzle_migrations`).toEqual([{ n: ALL + 1 }]);
    expect(await database.sql`select to_regclass('public.sessions') is not null as there`).toEqual([{ there: true }]);
  });
});

describe("an index on a table that is there already", () => {
  test("is built while others write, and what a build that was cut off has left is built anew", async () => {
    const database = await createInstallation(6);
    const reader = postgres(database.url, { max: 1, onnotice: () => undefined });
    await reader`begin isolation level repeatable read`;
    // Whatever began before is waited for, so the build stands still, half done.
    await reader`select count(*) from public.orders`;
    const building = migrateDatabase(database.url, SCHEMA).then(
      () => "built",
      () => "cut off",
    );
    await until(async () => (await validity(database)) === false, 5000);
    await database.sql`insert into auth.audit_events (id, type, occurred_at, succeeded)
      values (gen_random_uuid(), 'LOGIN_SUCCEEDED', now(), true)`;
    await database.sql`
      select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
        and query ilike 'create index concurrently%'`;
    expect(await building).toBe("cut off");
    expect(await validity(database)).toBe(false);
    await reader`commit`;
    await reader.end();
    await migrateDatabase(database.url, SCHEMA);
    expect(await validity(database)).toBe(true);
    await expectMoved(database);
  });
});

async function validity({ sql }: TestDatabase): Promise<boolean | undefined> {
  const [index] = await sql`select indisvalid from pg_index where indexrelid = to_regclass('auth.audit_events_deeds')`;
  return index?.indisvalid;
}
