import { type SQL, type SQLWrapper, sql } from "drizzle-orm";
import { sessionEndReasons } from "../../core/session-end-reasons.ts";
import { listed } from "./listed.ts";

/** For a CHECK constraint, which takes no parameters. */
export function isKnownEndReason(column: SQLWrapper): SQL {
  return sql`${column} in (${listed(sessionEndReasons)})`;
}
