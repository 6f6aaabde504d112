import { sql } from "drizzle-orm";
import { check, index, integer, text, uuid } from "drizzle-orm/pg-core";
import { authSchema } from "./auth-schema.ts";
import { instant } from "./column-types.ts";
import { isKnownEndReason } from "./end-reasons.ts";
import { users } from "./users.ts";

/**
 * The end of many sessions by one row, which takes the same time however many they are: those of one user that were opened below a version,
 * or those of everybody with a lower id. It counts from its commit; the sessions' own rows are marked afterwards, in batches, and then
 * this one goes. So there are hardly ever any, and to look for one costs next to nothing.
 */
export const sessionEnds = authSchema.table(
  "session_ends",
  {
    id: uuid("id").primaryKey(),
    /** Null for everybody. */
    userId: uuid("user_id").references(() => users.id, { onDelete: "cascade" }),
    /** For one user: sessions that were opened at a lower `users.version` have ended. */
    openedBelow: integer("opened_below"),
    /** For everybody: sessions with a lower id have ended. */
    idBelow: uuid("id_below"),
    endedAt: instant("ended_at").notNull(),
    endReason: text("end_reason").notNull(),
    /** Whose doing it is: for the audit entries of the sessions. */
    actorId: uuid("actor_id"),
    /** For everybody: up to which id the sessions are marked. */
    markedUntil: uuid("marked_until"),
    /** For everybody: how often all of them have been looked at. */
    walks: integer("walks").notNull().default(0),
  },
  (table) => [
    check("session_ends_end_reason", isKnownEndReason(table.endReason)),
    check(
      "session_ends_whose",
      sql`(${table.userId} is null) = (${table.openedBelow} is null) and (${table.userId} is null) = (${table.idBelow} is not null)`,
    ),
    index("session_ends_user_id").on(table.userId, table.openedBelow),
    index("session_ends_everybody").on(table.idBelow).where(sql`${table.userId} is null`),
  ],
);
