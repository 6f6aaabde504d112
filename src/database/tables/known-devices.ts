import { index, primaryKey, uuid } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";
import { users } from "./users.ts";

/** What a user has signed in from, so that something new can be told to them. */
export const knownDevices = authSchema.table(
  "known_devices",
  {
    userId: uuid("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    /** 16 bytes of a hash of the kind of client and the network that it came from. */
    fingerprint: bytea("fingerprint").notNull(),
    firstSeenAt: instant("first_seen_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.userId, table.fingerprint] }), index("known_devices_first_seen").on(table.firstSeenAt)],
);
