import type postgres from "postgres";
import { nameTables } from "../qualified-names.ts";

/**
 * The names of the migrations that were applied in the schema; undefined where there is no journal. Asks nothing that takes a right to be
 * told no.
 */
export async function readJournal(sql: postgres.Sql, schema: string): Promise<ReadonlySet<string> | undefined> {
  const [journal] = await sql`
    select from pg_catalog.pg_class as tables join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
    where schemas.nspname = ${schema} and tables.relname = 'migrations'`;
  if (journal === undefined) return undefined;
  const rows = await sql<{ name: string }[]>`select name from ${nameTables(sql, schema).migrations}`;
  return new Set(rows.map(({ name }) => name));
}

/** To be run with what creates it. */
export function createJournal(schema: string): string {
  return `create table "${schema}".migrations (name text primary key, applied_at timestamptz not null default now());`;
}

/**
 * To be run first in the transaction of the migrations that it notes: whoever else applies one of them waits here, and then fails. So none
 * is applied twice, whatever becomes of the lock.
 */
export function noteMigrations(schema: string, names: readonly string[]): string {
  return `insert into "${schema}".migrations (name) values ${names.map((name) => `('${name}')`).join(", ")};`;
}
