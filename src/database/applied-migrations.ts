import type { Database } from "./database.ts";
import { listMigrations } from "./migrations/migration-files.ts";

/**
 * Asks whether the last migration of this version has been applied; rejects where the database is out of reach. One cheap statement. Later
 * ones are fine: that is a newer version which has begun to take over.
 */
export function createMigrationCheck({ $sql: sql, $tables: tables }: Database): () => Promise<boolean> {
  const latest = listMigrations().at(-1) ?? "";
  return async () => {
    const [row] = await sql`select exists (select from ${tables.migrations} where name = ${latest}) as applied`;
    return row?.applied === true;
  };
}
