import { readFileSync } from "node:fs";

/** `drizzle/` lies beside both `src/` and `dist/`. */
const folder = new URL("../../../drizzle/", import.meta.url);

const BREAKPOINT = "--> statement-breakpoint";
/** What PostgreSQL does not do within a transaction. */
const CONCURRENT = /\bINDEX CONCURRENTLY\b/g;

export interface Migration {
  /** Of its file, without the ending. */
  readonly name: string;
  /** All of its statements, for a transaction. */
  readonly text: string;
  /** One by one, where they build indexes beside those who write: not in a transaction, and each so that it can be run again. */
  readonly concurrent: readonly string[] | undefined;
}

/** The names of all migrations, in their order. */
export function listMigrations(): readonly string[] {
  const journal = JSON.parse(readFileSync(new URL("meta/_journal.json", folder), "utf8")) as { entries: readonly { tag: string }[] };
  return journal.entries.map(({ tag }) => tag);
}

/** The files name the schema of the tables' declarations, `"auth"`, for which the configured one is put. */
export function readMigration(name: string, schema: string): Migration {
  const text = readFileSync(new URL(`${name}.sql`, folder), "utf8").replaceAll('"auth"', `"${schema}"`);
  const concurrent = text.search(CONCURRENT) === -1 ? undefined : text.split(BREAKPOINT);
  return { name, text: text.replace(CONCURRENT, "INDEX"), concurrent };
}

/** The columns of every table as a migration leaves them. */
export function readColumns(name: string): ReadonlyMap<string, readonly string[]> {
  const [number = ""] = name.split("_");
  const snapshot = JSON.parse(readFileSync(new URL(`meta/${number}_snapshot.json`, folder), "utf8")) as {
    tables: Record<string, { name: string; columns: Record<string, unknown> }>;
  };
  return new Map(Object.values(snapshot.tables).map((table) => [table.name, Object.keys(table.columns)]));
}
