import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { applyMigration } from "./migrations/apply-migration.ts";
import { createJournal, readJournal } from "./migrations/journal.ts";
import { MigrationError } from "./migrations/migration-error.ts";
import { listMigrations, readMigration } from "./migrations/migration-files.ts";
import { moveFromPublic } from "./migrations/move-from-public.ts";
import { openSoleConnection } from "./sole-connection.ts";

const INSUFFICIENT_PRIVILEGE = "42501";
/** Milliseconds between two looks at the lock. */
const LOOK = 100;

/**
 * Applies the migrations that the schema lacks, and makes the schema where there is none. The number of those applied. A user who may change no
 * table can ask as well, and is told what is missing.
 */
export async function migrateDatabase(url: string, schema: string): Promise<number> {
  const { sql: client, close } = openSoleConnection(url, {
    applicationName: "graphql-auth-gateway migrations",
    settings: { statement_timeout: "0" },
  });
  try {
    const missing = await listMissing(client, schema);
    return missing.length === 0 ? 0 : await applyMissing(client, schema, missing);
  } finally {
    close();
  }
}

async function listMissing(client: postgres.Sql, schema: string): Promise<readonly string[]> {
  try {
    const applied = await readJournal(client, schema);
    return listMigrations().filter((name) => applied?.has(name) !== true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new MigrationError(`The user of DATABASE_URL may not read the schema ${schema}: see "Two roles" in docs/deployment.md.`, {
      cause: error,
    });
  }
}

async function applyMissing(client: postgres.Sql, schema: string, missing: readonly string[]): Promise<number> {
  try {
    await client`set statement_timeout = 0`;
    await waitForLock(client, schema);
    return await applyInOrder(client, schema);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const problem = `The schema ${schema} lacks ${missing.join(", ")}, and the user of DATABASE_URL may not make that`;
    throw new MigrationError(
      `${problem}: ${error.message}. Run the command migrate with a user who may; see "Two roles" in docs/deployment.md.`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Processes that start together take turns, those of each schema by themselves; the lock belongs to this one connection and falls with it. It is
 * looked at again and again: whoever waits for it within a statement would be waited for by an index that is built concurrently.
 */
async function waitForLock(client: postgres.Sql, schema: string): Promise<void> {
  while (true) {
    const [row] = await client`select pg_try_advisory_lock(hashtextextended(${`${schema} migrations`}, 0)) as taken`;
    if (row?.taken === true) return;
    await sleep(LOOK);
  }
}

async function applyInOrder(client: postgres.Sql, schema: string): Promise<number> {
  const applied = (await readJournal(client, schema)) ?? (await begin(client, schema));
  const missing = listMigrations().filter((name) => !applied.has(name));
  for (const name of missing) await applyMigration(client, readMigration(name, schema), { schema, areTablesNew: applied.size === 0 });
  return missing.length;
}

/** Makes the schema and its journal, with what an earlier version had in `public`. */
async function begin(client: postgres.Sql, schema: string): Promise<ReadonlySet<string>> {
  const [found] = await client`select from pg_catalog.pg_namespace where nspname = ${schema}`;
  if (found === undefined) await client`create schema ${client(schema)}`;
  await refuseTakenSchema(client, schema);
  const moved = await moveFromPublic(client, schema);
  if (moved.length === 0) await client.unsafe(createJournal(schema));
  return new Set(moved);
}

async function refuseTakenSchema(client: postgres.Sql, schema: string): Promise<void> {
  const [taken] = await client<{ relname: string }[]>`
    select tables.relname
    from pg_catalog.pg_class as tables join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
    where schemas.nspname = ${schema} limit 1`;
  if (taken === undefined) return;
  const example = `${schema}.${taken.relname}`;
  throw new MigrationError(
    `The schema ${schema} is in use by something else, which has ${example} there: choose another name for DATABASE_SCHEMA.`,
  );
}

function isRefusal(error: unknown): error is postgres.PostgresError {
  return error instanceof postgres.PostgresError && error.code === INSUFFICIENT_PRIVILEGE;
}
