import { randomBytes } from "node:crypto";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { expect, inject, test } from "vitest";
import { withSeenLines } from "../../src/auth/transfer/check-store.ts";
import { atOneMoment } from "../../src/auth/transfer/export-store.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import {
  AuditEventsDocument,
  LoginDocument,
  MeDocument,
  RefreshDocument,
  SessionsDocument,
  UsersDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

async function createDatabaseWith(settings: Readonly<Record<string, string>>): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const name = new URL(database.url).pathname.slice(1);
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  for (const [setting, value] of Object.entries(settings)) await admin.unsafe(`alter database ${name} set ${setting} = ${value}`);
  await admin.end();
  return database;
}

/** As no setting can change it. */
async function createdAt({ sql }: TestDatabase, userId: string): Promise<string> {
  const [row] = await sql`select (extract(epoch from created_at) * 1000)::bigint::text as milliseconds from users where id = ${userId}`;
  return new Date(Number(row?.milliseconds)).toISOString();
}

test.each([
  ["DateStyle", "'German, DMY'"],
  ["bytea_output", "escape"],
  ["default_transaction_isolation", "'repeatable read'"],
  ["default_transaction_isolation", "serializable"],
  ["standard_conforming_strings", "off"],
  ["TimeZone", "'Asia/Kathmandu'"],
  ["IntervalStyle", "sql_standard"],
  ["extra_float_digits", "-15"],
])("a database whose %s is %s serves as any other one", async (setting, value) => {
  const database = await createDatabaseWith({ [setting]: value });
  const gateway = await startTestGateway({ database });
  const admin = await gateway.registerAdmin();
  const { user, refreshToken } = await gateway.register();
  const token = (await gateway.login(user.email)).accessToken;
  expect(dataOf(await gateway.send(MeDocument, {}, { token })).me?.createdAt).toBe(await createdAt(database, user.id));
  const together = await Promise.all(
    Array.from({ length: 12 }, () => gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } })),
  );
  expect(new Set(together.map((reply) => dataOf(reply).refresh.refreshToken)).size).toBe(1);
  expect(dataOf(await gateway.send(SessionsDocument, {}, { token })).sessions?.length).toBe(2);
  const first = dataOf(await gateway.send(UsersDocument, { first: 1 }, { token: admin.accessToken })).users;
  const after = first?.pageInfo.endCursor ?? "";
  expect(dataOf(await gateway.send(UsersDocument, { first: 1, after }, { token: admin.accessToken })).users?.edges.length).toBe(1);
  expect(codesOf(await gateway.send(AuditEventsDocument, { first: 5 }, { token: admin.accessToken }))).toEqual([]);
  await gateway.close();
  // What was encrypted is read again by the next process.
  const next = await startTestGateway({ database });
  await next.login(user.email);
  await next.close();
  await database.drop();
});

test("a transaction that a lost host has left open is ended by the server, whatever the database says", async () => {
  const server = await createDatabaseWith({ idle_in_transaction_session_timeout: "0", statement_timeout: "0" });
  const { database, close } = openDatabase({ url: server.url, schema: SCHEMA, poolSize: 2 });
  const [times] = await database.transaction((tx) =>
    tx.execute(
      sql`select current_setting('idle_in_transaction_session_timeout') as idle, current_setting('statement_timeout') as statement`,
    ),
  );
  expect(times).toEqual({ idle: "15s", statement: "5s" });
  // Whoever reads a file or writes one within a transaction may wait for it.
  for (const within of [atOneMoment, withSeenLines])
    expect(await within(database, (tx) => tx.execute(sql`show idle_in_transaction_session_timeout`))).toEqual([
      { idle_in_transaction_session_timeout: "0" },
    ]);
  await close();
  await server.drop();
});

test("a database in LATIN1 is refused by name, before anything is made in it", async () => {
  const name = `gateway_latin_${randomBytes(6).toString("hex")}`;
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name} encoding 'LATIN1' locale_provider libc locale 'C' template template0`);
  const url = new URL(inject("serverUrl"));
  url.pathname = `/${name}`;
  await expect(migrateDatabase(url.href, SCHEMA)).rejects.toThrow("encoded in LATIN1");
  await admin.unsafe(`drop database ${name}`);
  await admin.end();
});

test("a password that the database does not take any more is answered SERVICE_UNAVAILABLE, and well again once it does", async () => {
  const database = await createTestDatabase();
  const role = `gateway_role_${randomBytes(6).toString("hex")}`;
  const admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create role ${role} superuser login password 'first'`);
  const url = new URL(database.url);
  url.username = role;
  url.password = "first";
  const gateway = await startTestGateway({ database: { ...database, url: url.href } });
  const { user } = await gateway.register();
  await admin.unsafe(`alter role ${role} password 'second'`);
  await admin.unsafe(`select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`);
  const login = async () => codesOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))[0];
  await until(async () => (await login()) === "SERVICE_UNAVAILABLE", 5000);
  for (let round = 0; round < 5; round += 1) expect(await login()).toBe("SERVICE_UNAVAILABLE");
  await admin.unsafe(`alter role ${role} password 'first'`);
  await until(async () => (await login()) === undefined, 5000);
  await gateway.close();
  await database.drop();
  await admin.unsafe(`drop role ${role}`);
  await admin.end();
});
