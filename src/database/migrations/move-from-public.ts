import type postgres from "postgres";
import { createJournal, noteMigrations } from "./journal.ts";
import type { LockWait } from "./lock-wait.ts";
import { MigrationError } from "./migration-error.ts";
import { readColumns } from "./migration-files.ts";

/**
 * What versions that kept everything in the schema `public` have noted in Drizzle's journal, which is shared with whoever else uses
 * Drizzle.
 */
const FORMER_MIGRATIONS: Readonly<Record<string, string>> = {
  f57f9dddc9ff76d3c54b18dfbad4e305908e05b0738a6ba7bc1b993ea55e9b33: "0000_initial",
  c316e350929f5f61e6b54b23a39341d5a88db269503bddaef6c697b8ba221706: "0001_sessions_fill_factor",
  fd944245f5c0256dbe2fcf0b868674d7f10837584aa1e68d652e1b06b7979d0b: "0002_admin_and_feed",
  "6dccdfb1ea03b81b0763b33408d0ac91bd7ebeccbb4e70cb2c5d7b0530f5a17c": "0003_rate_limits",
  "949020f62cd6ae30ab2c307ead8a49b77da1aee512ef739e06e175dee8ade7b1": "0004_account_life",
  "4d2eec92ccc23c3c2aaf19735832525ea1e98ffbc8f61f96a44644850db69e34": "0005_give_backs",
  "94e7309ce9393a9d1bfe8a40ce4ffc3e9bf2ac3f95dcb2b910e235df11afd23c": "0006_audit_deeds",
};

/** By the migration that made them. Their bodies name no schema, but a later migration makes them anew. */
const FORMER_FUNCTIONS: Readonly<Record<string, readonly string[]>> = {
  "0003_rate_limits": ["reserve_calls(uuid[], integer[], integer[], timestamptz)", "give_back_calls(uuid[], timestamptz[])"],
  "0005_give_backs": ["give_back_and_reserve_calls(uuid[], timestamptz[], uuid[], integer[], integer[], timestamptz)"],
};

/** Such a version takes it as long as it migrates. */
const FORMER_LOCK = 7_295_811_402;

/**
 * Moves what such a version has in `public` into the schema, which is to exist and to have no journal: tables with their rows, indexes
 * and foreign keys, and which migrations were applied. All of it in one transaction, or none. The names of those migrations; none where
 * there is no such installation.
 */
export async function moveFromPublic(sql: postgres.Sql, schema: string, lockWait: LockWait): Promise<readonly string[]> {
  const hashes = await findFormerMigrations(sql);
  if (hashes.length === 0) return [];
  const names = hashes.map((hash) => FORMER_MIGRATIONS[hash] ?? "").sort();
  const tables = readColumns(names.at(-1) ?? "");
  const functions = names.flatMap((name) => FORMER_FUNCTIONS[name] ?? []);
  await refuseForeignTables(sql, tables);
  // Its first statement nobody can do twice.
  await lockWait.send(
    "The move out of the schema public",
    `
    select pg_advisory_xact_lock(${FORMER_LOCK});
    ${createJournal(schema)}
    ${noteMigrations(schema, names)}
    ${functions.map((signature) => `alter function public.${signature} set schema "${schema}";`).join("\n")}
    ${[...tables.keys()].map((table) => `alter table public."${table}" set schema "${schema}";`).join("\n")}
    delete from drizzle.__drizzle_migrations where hash in (${hashes.map((hash) => `'${hash}'`).join(", ")});
  `,
  );
  return names;
}

/**
 * By what was in them: their times are nothing that an application's own migrations could not have. A journal that we may not read is not
 * ours.
 */
async function findFormerMigrations(sql: postgres.Sql): Promise<readonly string[]> {
  const [journal] = await sql<{ readable: boolean }[]>`
    select has_schema_privilege(schemas.oid, 'usage') and has_table_privilege(tables.oid, 'select') as readable
    from pg_catalog.pg_class as tables join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
    where schemas.nspname = 'drizzle' and tables.relname = '__drizzle_migrations'`;
  if (journal?.readable !== true) return [];
  const rows = await sql<{ hash: string }[]>`select distinct hash from drizzle.__drizzle_migrations`;
  return rows.map(({ hash }) => hash).filter((hash) => hash in FORMER_MIGRATIONS);
}

/** What is called as a table of ours, but is none, is an application's, and to be left alone. */
async function refuseForeignTables(sql: postgres.Sql, expected: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const rows = await sql<{ table_name: string; column_name: string }[]>`
    select tables.relname as table_name, columns.attname as column_name
    from pg_catalog.pg_class as tables
      join pg_catalog.pg_namespace as schemas on schemas.oid = tables.relnamespace
      join pg_catalog.pg_attribute as columns on columns.attrelid = tables.oid and columns.attnum > 0 and not columns.attisdropped
    where schemas.nspname = 'public' and tables.relkind = 'r'`;
  const found = new Set(rows.map((row) => `${row.table_name}.${row.column_name}`));
  for (const [table, columns] of expected) {
    const missing = columns.find((column) => !found.has(`${table}.${column}`));
    if (missing !== undefined) throw new MigrationError(describeForeignTable(table, missing));
  }
}

function describeForeignTable(table: string, column: string): string {
  return `drizzle.__drizzle_migrations says that an earlier version of this server keeps its tables in the schema public, but \
public.${table} is none of its: there is no column ${column}. Nothing was changed. Where that installation is gone, delete its rows \
there; docs/design/database.md lists them.`;
}
