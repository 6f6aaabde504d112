import postgres from "postgres";
import { applyMigration } from "./migrations/apply-migration.ts";
import { createJournal, readJournal } from "./migrations/journal.ts";
import { createLockWait, type LockWait, type LockWaitOptions } from "./migrations/lock-wait.ts";
import { MigrationError } from "./migrations/migration-error.ts";
import { listMigrations, readMigration } from "./migrations/migration-files.ts";
import { moveFromPublic } from "./migrations/move-from-public.ts";
import { openSoleConnection, type SoleConnection } from "./sole-connection.ts";
import { takeSoleLock } from "./sole-lock.ts";

const INSUFFICIENT_PRIVILEGE = "42501";

export interface MigrationOptions extends LockWaitOptions {
  /** For what asks and changes nothing. A migration takes as long as it takes. */
  readonly deadlineMilliseconds?: number;
}

/**
 * Applies the migrations that the schema lacks, and makes the schema where there is none. The number of those applied. A user who may
 * change no table can ask as well, and is told what is missing.
 */
export async function migrateDatabase(url: string, schema: string, options: MigrationOptions = {}): Promise<number> {
  const { deadlineMilliseconds } = options;
  const connection = openSoleConnection(url, {
    applicationName: "graphql-auth-gateway migrations",
    settings: { statement_timeout: "0" },
    preparesStatements: false,
    ...(deadlineMilliseconds === undefined ? {} : { deadlineMilliseconds }),
  });
  try {
    const missing = await listMissing(connection.sql, schema);
    return missing.length === 0 ? 0 : await applyMissing({ url, schema, connection, options }, missing);
  } finally {
    connection.close();
  }
}

interface Work {
  readonly url: string;
  readonly schema: string;
  readonly connection: SoleConnection;
  readonly options: MigrationOptions;
}

async function listMissing(sql: postgres.Sql, schema: string): Promise<readonly string[]> {
  try {
    const applied = await readJournal(sql, schema);
    return listMigrations().filter((name) => applied?.has(name) !== true);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    throw new MigrationError(`The user of DATABASE_URL may not read the schema ${schema}: see "Two roles" in docs/operate/deployment.md.`, {
      cause: error,
    });
  }
}

async function applyMissing(work: Work, missing: readonly string[]): Promise<number> {
  const { schema } = work;
  try {
    return await applyInTurn(work);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const problem = `The schema ${schema} lacks ${missing.join(", ")}, and the user of DATABASE_URL may not make that`;
    throw new MigrationError(
      `${problem}: ${error.message}. Run the command migrate with a user who may; see "Two roles" in docs/operate/deployment.md.`,
      {
        cause: error,
      },
    );
  }
}

/** Processes that start together take turns, those of each schema by themselves; whoever waits looks again and again. */
async function applyInTurn(work: Work): Promise<number> {
  const { url, schema, options } = work;
  const lock = await takeSoleLock(url, `${schema} migrations`, {
    patienceMilliseconds: Number.POSITIVE_INFINITY,
    onWait: () => options.tell?.(`Another process migrates the schema ${schema}: waiting for it.`),
  });
  try {
    return await applyInOrder(work);
  } finally {
    await lock?.release();
  }
}

async function applyInOrder({ schema, connection, options }: Work): Promise<number> {
  const { sql, patient } = connection;
  const lockWait = createLockWait(patient, options);
  const applied = (await readJournal(sql, schema)) ?? (await begin(patient, schema, lockWait));
  const missing = listMigrations().filter((name) => !applied.has(name));
  const surroundings = { schema, areTablesNew: applied.size === 0, lockWait };
  for (const name of missing) await applyMigration(patient, readMigration(name, schema), surroundings);
  return missing.length;
}

/** Makes the schema and its journal, with what an earlier version had in `public`. */
async function begin(sql: postgres.Sql, schema: string, lockWait: LockWait): Promise<ReadonlySet<string>> {
  const [found] = await sql`select from pg_catalog.pg_namespace where nspname = ${schema}`;
  if (found === undefined) await sql`create schema ${sql(schema)}`;
  await refuseTakenSchema(sql, schema);
  const moved = await moveFromPublic(sql, schema, lockWait);
  if (moved.length === 0) await sql.unsafe(createJournal(schema));
  return new Set(moved);
}

async function refuseTakenSchema(sql: postgres.Sql, schema: string): Promise<void> {
  const [taken] = await sql<{ relname: string }[]>`
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
