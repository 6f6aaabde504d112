import { check, index, integer, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { isKnownEndReason } from "../columns/end-reasons.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * The end of many sessions of one user by one row, which takes the same time however many they are: of those that were opened below a
 * version. It counts from its commit; the sessions' own rows are marked afterwards, in batches, and then this one goes. So there are hardly
 * ever any, and to look for one costs next to nothing. Without a foreign key, because a copy of it may stand on every node.
 */
export const sessionEnds = authSchema.table(
  "session_ends",
  {
    id: uuid("id").notNull(),
    userId: uuid("user_id").notNull(),
    /** Sessions that were opened at a lower `users.version` have ended. */
    openedBelow: integer("opened_below").notNull(),
    endedAt: instant("ended_at").notNull(),
    endReason: text("end_reason").notNull(),
    /** Whose doing it is: for the audit events of the sessions. */
    actorId: uuid("actor_id"),
  },
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    check("session_ends_end_reason", isKnownEndReason(table.endReason)),
    index("session_ends_user_id").on(table.userId, table.openedBelow),
  ],
);
