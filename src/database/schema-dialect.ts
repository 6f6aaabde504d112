import { PgDialect } from "drizzle-orm/pg-core";
import { authSchema } from "./tables/auth-schema.ts";

/**
 * Writes the configured schema wherever a table names its own. So nothing else of ours, no column and no alias, may be called as that is.
 */
export function createDialect(schema: string): PgDialect {
  const dialect = new PgDialect();
  const escapeName = (name: string) => `"${name === authSchema.schemaName ? schema : name}"`;
  return Object.assign(dialect, { escapeName });
}
