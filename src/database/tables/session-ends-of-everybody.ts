import { check, index, integer, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { isKnownEndReason } from "../columns/end-reasons.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * The end of everybody's sessions with a lower id, by one row: as `session_ends` for one user. A few rows at most, wherever they are asked
 * for.
 */
export const sessionEndsOfEverybody = authSchema.table(
  "session_ends_of_everybody",
  {
    id: uuid("id").primaryKey(),
    /** Sessions with a lower id have ended. */
    idBelow: uuid("id_below").notNull(),
    endedAt: instant("ended_at").notNull(),
    endReason: text("end_reason").notNull(),
    /** Whose doing it is: for the audit events of the sessions. */
    actorId: uuid("actor_id"),
    /** Up to which id the sessions are marked. */
    markedUntil: uuid("marked_until"),
    /** How often all of them have been looked at. */
    walks: integer("walks").notNull().default(0),
  },
  (table) => [
    check("session_ends_of_everybody_end_reason", isKnownEndReason(table.endReason)),
    index("session_ends_of_everybody_id_below").on(table.idBelow),
  ],
);
