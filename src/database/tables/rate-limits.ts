import { bigint, index, integer, uuid } from "drizzle-orm/pg-core";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * How often a caller has called what is limited, and when. The table is UNLOGGED, and the functions `give_back_and_reserve_calls` and
 * `give_back_calls` count in it (all in the migration, which Drizzle cannot express).
 */
export const rateLimits = authSchema.table(
  "rate_limits",
  {
    /** 16 bytes of a SHA-256: neither an address nor an e-mail address can be read from here. */
    key: uuid("key").primaryKey(),
    /** When calls were counted, ascending, in milliseconds since 1970: at most some 33 slots, whatever the limit. */
    slots: bigint("slots", { mode: "number" }).array().notNull(),
    /** How many of them were counted in each slot. */
    calls: integer("calls").array().notNull(),
    /** Until when a refusal has been told, in milliseconds since 1970: the next one after that is audited. */
    toldUntil: bigint("told_until", { mode: "number" }).notNull(),
    /** When nothing of it is of use any more, rounded up to a quarter of the window. */
    endsAt: instant("ends_at").notNull(),
  },
  // For purging. Most calls change no column of an index, so they are heap-only updates.
  (table) => [index("rate_limits_ends_at").on(table.endsAt)],
);
