import type postgres from "postgres";
import { noteMigrations } from "./journal.ts";
import type { LockWait } from "./lock-wait.ts";
import type { Migration } from "./migration-files.ts";

/**
 * Whether the tables are new, so that nobody is in the way: then an index is built at once, without waiting for every transaction of the
 * database.
 */
export interface Surroundings {
  readonly schema: string;
  readonly areTablesNew: boolean;
  readonly lockWait: LockWait;
}

const DROPS = /^\s*DROP INDEX CONCURRENTLY IF EXISTS /;

export async function applyMigration(sql: postgres.Sql, migration: Migration, surroundings: Surroundings): Promise<void> {
  const { schema, areTablesNew, lockWait } = surroundings;
  const note = noteMigrations(schema, [migration.name]);
  if (migration.concurrent === undefined || areTablesNew) {
    await lockWait.send(`The migration ${migration.name}`, `${note}\n${migration.text}`);
    return;
  }
  for (const statement of migration.concurrent) {
    if (DROPS.test(statement)) await sql.unsafe(statement);
    else await buildIndex(sql, statement, schema);
  }
  await sql.unsafe(note);
}

/** Does nothing where it is there. What a build that was cut off has left is dropped: it is written to, and serves no reading. */
async function buildIndex(sql: postgres.Sql, statement: string, schema: string): Promise<void> {
  const name = /\bINDEX CONCURRENTLY (?:IF NOT EXISTS )?"([^"]+)"/.exec(statement)?.[1];
  if (name === undefined) throw new Error("A migration that builds an index concurrently may do nothing but build and drop indexes.");
  const [built] = await sql<{ indisvalid: boolean }[]>`
    select facts.indisvalid
    from pg_catalog.pg_index as facts
      join pg_catalog.pg_class as indexes on indexes.oid = facts.indexrelid
      join pg_catalog.pg_namespace as schemas on schemas.oid = indexes.relnamespace
    where schemas.nspname = ${schema} and indexes.relname = ${name}`;
  if (built?.indisvalid === true) return;
  if (built !== undefined) await sql`drop index concurrently ${sql(`${schema}.${name}`)}`;
  await sql.unsafe(statement);
}
