import { boolean, index, integer, uuid } from "drizzle-orm/pg-core";
import { authSchema } from "./auth-schema.ts";
import { instant } from "./column-types.ts";

/**
 * How often a caller has called what is limited, in a window that began with the first of the calls. The table is UNLOGGED, and the
 * functions `reserve_calls` and `give_back_calls` count in it (all in the migration, which Drizzle cannot express).
 */
export const rateLimits = authSchema.table(
  "rate_limits",
  {
    /** 16 bytes of a SHA-256: neither an address nor an e-mail address can be read from here. */
    key: uuid("key").primaryKey(),
    calls: integer("calls").notNull(),
    endsAt: instant("ends_at").notNull(),
    /** Whether somebody was refused in this window: the first refusal is audited, the others are not. */
    isRefused: boolean("is_refused").notNull().default(false),
  },
  // For purging. Counting changes neither column of an index, so it is a heap-only update.
  (table) => [index("rate_limits_ends_at").on(table.endsAt)],
);
