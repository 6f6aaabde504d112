import { index, primaryKey, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";
import { users } from "./users.ts";

/** When a user was last told something of one kind, so that nobody's mailbox is flooded by what only informs. */
export const recentNotices = authSchema.table(
  "recent_notices",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** The template of the message. */
    topic: text("topic").notNull(),
    /** The last few times, newest first: as many as may be within the window. Read and written by SQL alone. */
    toldAt: timestamp("told_at", { withTimezone: true, precision: 3 }).array().notNull(),
    lastToldAt: instant("last_told_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.topic] }), index("recent_notices_last").on(table.lastToldAt)],
);
