import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { inject } from "vitest";
import { openRawClient } from "./raw-client.ts";

export interface TestDatabase {
  readonly url: string;
  /** For assertions on rows. */
  readonly sql: postgres.Sql;
  drop(): Promise<void>;
}

/** A database of the test file's own, cloned from the migrated template. */
export function createTestDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom(inject("templateName"));
}

/** Without even the schema. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom("template1");
}

async function createDatabaseFrom(template: string): Promise<TestDatabase> {
  const serverUrl = inject("serverUrl");
  const name = `gateway_test_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  await onServer(serverUrl, `create database ${name} template ${template} ${inject("copying")}`);
  const sql = openRawClient(url.href, { max: 2 });
  async function drop(): Promise<void> {
    await sql.end();
    await untilLeft(serverUrl, name);
    await onServer(serverUrl, `drop database if exists ${name} with (force)`);
  }
  return { url: url.href, sql, drop };
}

/** Who has just left is gone in a moment; `drop database` looks again only after a tenth of a second. */
async function untilLeft(serverUrl: string, name: string): Promise<void> {
  for (let looks = 0; looks < 10; looks += 1) {
    const [row] = await onServer(serverUrl, `select exists (select from pg_stat_activity where datname = '${name}') as is_used`);
    if (row?.is_used !== true) return;
    await sleep(5);
  }
}

/** One for all databases that a process makes: it closes its connection when nobody has asked for a while. */
let admin: postgres.Sql | undefined;

async function onServer(url: string, statement: string): Promise<readonly postgres.Row[]> {
  admin ??= postgres(url, { max: 1, idle_timeout: 5, onnotice: () => undefined });
  return admin.unsafe(statement);
}
