import { fileURLToPath } from "node:url";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** Any constant serves, as long as every process uses the same one. */
const MIGRATION_LOCK = 7_295_811_402;

/** `drizzle/` lies beside both `src/` and `dist/`. */
const migrationsFolder = fileURLToPath(new URL("../../drizzle", import.meta.url));

/**
 * Applies the migrations that are missing. Processes that start together queue on an advisory lock, so each migration
 * runs once; the lock belongs to this one connection and falls with it, should the process die.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const client = postgres(url, { max: 1, connect_timeout: 5, onnotice: () => undefined });
  try {
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    await migrate(drizzle(client), { migrationsFolder });
  } finally {
    await client.end({ timeout: 5 });
  }
}
