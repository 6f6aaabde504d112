import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { inject } from "vitest";
import { createCitusDatabase, databaseAt } from "./databases/citus.ts";
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

/** Without even the schema, and on one server alone. */
export function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabaseFrom("template1", [inject("serverUrl")]);
}

/** Of a Citus: on every node, with nothing in it. */
export async function createEmptyCitusDatabase(): Promise<TestDatabase> {
  const nodes = inject("nodes");
  const name = newName();
  await createCitusDatabase(nodes, name);
  return openTestDatabase(nodes, name);
}

function newName(): string {
  return `gateway_test_${randomBytes(6).toString("hex")}`;
}

async function createDatabaseFrom(template: string, nodes: readonly string[] = inject("nodes")): Promise<TestDatabase> {
  const name = newName();
  const copy = `create database ${name} template ${template} ${inject("copying")}`;
  await Promise.all(nodes.map((node) => onServer(node, copy)));
  return openTestDatabase(nodes, name);
}

function openTestDatabase(nodes: readonly string[], name: string): TestDatabase {
  const serverUrl = inject("serverUrl");
  const url = databaseAt(serverUrl, name);
  const sql = openRawClient(url, { max: 2 });
  async function drop(): Promise<void> {
    await sql.end();
    await untilLeft(serverUrl, name);
    await Promise.all(nodes.map((node) => onServer(node, `drop database if exists ${name} with (force)`)));
  }
  return { url, sql, drop };
}

/** Who has just left is gone in a moment; `drop database` looks again only after a tenth of a second. */
async function untilLeft(serverUrl: string, name: string): Promise<void> {
  for (let looks = 0; looks < 10; looks += 1) {
    const [row] = await onServer(serverUrl, `select exists (select from pg_stat_activity where datname = '${name}') as is_used`);
    if (row?.is_used !== true) return;
    await sleep(5);
  }
}

/** One a node for all databases that a process makes: it closes its connection when nobody has asked for a while. */
const admins = new Map<string, postgres.Sql>();

async function onServer(url: string, statement: string): Promise<readonly postgres.Row[]> {
  const admin = admins.get(url) ?? postgres(url, { max: 1, idle_timeout: 5, onnotice: () => undefined });
  admins.set(url, admin);
  return admin.unsafe(statement);
}
