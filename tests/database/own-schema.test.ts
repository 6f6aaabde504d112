import postgres from "postgres";
import { afterAll, expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { LogoutAllDocument, MeDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const databases: TestDatabase[] = [];
afterAll(async () => {
  for (const database of databases) await database.drop();
});

async function createDatabase(): Promise<TestDatabase> {
  const database = await createEmptyDatabase();
  databases.push(database);
  return database;
}

const nameOf = ({ url }: TestDatabase) => new URL(url).pathname.slice(1);

test("an application's tables, its Drizzle journal and its search_path are in nobody's way", async () => {
  const database = await createDatabase();
  const { sql } = database;
  await sql.unsafe(`
    create schema application;
    create schema drizzle;
    create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint);
    insert into drizzle.__drizzle_migrations (hash, created_at) values ('of the application', 9999999999999);
    create table public.users (id uuid primary key, name text);
    create table application.users (id uuid primary key);
    create table application.sessions (id uuid primary key);
    alter database ${nameOf(database)} set search_path = application;
  `);
  const gateway = await startTestGateway({ database });
  const { accessToken, user, refreshToken } = await gateway.register();
  expect(dataOf(await gateway.send(MeDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
  expect(refreshToken).not.toBeNull();
  expect(await sql`select id from auth.users`).toEqual([{ id: user.id }]);
  expect(
    await sql`
    select distinct relnamespace::regnamespace::text || '.' || relname as target from pg_constraint
      join pg_class on pg_class.oid = confrelid
    where contype = 'f' and connamespace = 'auth'::regnamespace`,
  ).toEqual([{ target: "auth.users" }]);
  expect(await sql`select from public.users union all select from application.users union all select from application.sessions`).toEqual(
    [],
  );
  expect(await sql`select hash from drizzle.__drizzle_migrations`).toEqual([{ hash: "of the application" }]);
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  await gateway.close();
});

test("two servers in two schemas of one database know nothing of each other", async () => {
  const database = await createDatabase();
  const [one, other] = await Promise.all(
    ["auth", "other_auth"].map((schema) => startTestGateway({ database, env: { DATABASE_SCHEMA: schema } })),
  );
  const [first, second] = [await one?.register(), await other?.register()];
  expect(await database.sql`select id from auth.users`).toEqual([{ id: first?.user.id }]);
  expect(await database.sql`select id from other_auth.users`).toEqual([{ id: second?.user.id }]);

  const heard: string[] = [];
  const ear = postgres(database.url, { max: 1 });
  await ear.listen("other_auth_revocations", (payload) => void heard.push(payload));
  await one?.send(LogoutAllDocument, {}, { token: first?.accessToken });
  await other?.send(LogoutAllDocument, {}, { token: second?.accessToken });
  await until(() => heard.length > 0, 3000);
  // Its own, and not that of the other schema, which was earlier.
  expect(heard).toHaveLength(1);
  expect(codesOf((await one?.send(MeDocument, {}, { token: first?.accessToken })) ?? expect.fail())).toEqual(["UNAUTHENTICATED"]);
  await ear.end();

  // What one schema's processes take turns at is free in the other.
  await database.sql.begin(async (sql) => {
    for (const name of ["purge", "signing keys", "admins", "marking"])
      await sql`select pg_advisory_xact_lock(hashtextextended(${`other_auth ${name}`}, 0))`;
    await one?.auth.signingKeys.maintain();
    await one?.auth.purge();
  });
  await Promise.all([one?.close(), other?.close()]);
});

test("a schema that holds something else is left alone, and the server says what it found", async () => {
  const database = await createDatabase();
  await database.sql.unsafe("create schema auth; create table auth.refresh_tokens (id int)");
  await expect(migrateDatabase(database.url, "auth")).rejects.toThrow(
    /The schema auth is in use by something else, which has auth\.refresh_tokens.*DATABASE_SCHEMA/,
  );
  expect(await database.sql`select relname from pg_class where relnamespace = 'auth'::regnamespace`).toEqual([
    { relname: "refresh_tokens" },
  ]);
});
