import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import type postgres from "postgres";
import { openSoleConnection } from "./sole-connection.ts";

/** Any constant serves, as long as every process uses the same one. */
const MIGRATION_LOCK = 7_295_811_402;

/** `drizzle/` lies beside both `src/` and `dist/`. */
const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

/**
 * Applies the migrations that are missing. Processes that start together queue on an advisory lock, so each migration
 * runs once; the lock belongs to this one connection and falls with it, should the process die. The number of those applied.
 */
export async function migrateDatabase(url: string): Promise<number> {
  const { sql: client, close } = openSoleConnection(url, {
    applicationName: "graphql-auth-gateway migrations",
    settings: { statement_timeout: "0" },
  });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    const before = await countApplied(client);
    await migrate(drizzle(client), { migrationsFolder });
    return (await countApplied(client)) - before;
  } finally {
    close();
  }
}

async function countApplied(client: postgres.Sql): Promise<number> {
  const [journal] = await client`select to_regclass('drizzle.__drizzle_migrations') is not null as exists`;
  if (!journal?.exists) return 0;
  const [row] = await client`select count(*)::int as applied from drizzle.__drizzle_migrations`;
  return row?.applied;
}
