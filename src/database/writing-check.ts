import { sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { signingKeys } from "./tables/signing-keys.ts";

/**
 * Rejects where nothing can be written: at a standby, and while somebody has made the database read-only. It writes nothing itself;
 * PostgreSQL refuses such a statement before it looks at any row.
 */
export function createWritingCheck(database: Database): () => Promise<unknown> {
  const statement = database
    .update(signingKeys)
    .set({ kid: sql`${signingKeys.kid}` })
    .where(sql`false`)
    .prepare("prove_writable");
  return () => statement.execute();
}
