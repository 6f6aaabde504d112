import { type SQL, sql } from "drizzle-orm";

/** Our own words as literals, for SQL that takes no parameters: without quotes in them. */
export function listed(words: readonly string[]): SQL {
  return sql.raw(words.map((word) => `'${word}'`).join(", "));
}
