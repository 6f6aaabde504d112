import { sql } from "drizzle-orm";
import { boolean, index, integer, text, uuid } from "drizzle-orm/pg-core";
import { bytea, instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * What is to be sent, written in the transaction that causes it: sent if and only if that commits, at least once. The id stays the same
 * for all attempts, so that whoever receives a message twice can tell.
 */
export const outbox = authSchema.table(
  "outbox",
  {
    id: uuid("id").primaryKey(),
    channel: text("channel", { enum: ["email", "webhook"] }).notNull(),
    /** The template of an e-mail, or the type of an event. */
    topic: text("topic").notNull(),
    /** Whom it is about; without foreign key, because news of a deleted user are to be sent, too. */
    userId: uuid("user_id"),
    /** Somebody waits for it: it goes before what only informs. */
    awaited: boolean("awaited").notNull().default(true),
    /** JSON, encrypted because it holds addresses and one-time tokens; null once it is sent, unless it is kept to be shown. */
    encryptedPayload: bytea("encrypted_payload"),
    createdAt: instant("created_at").notNull(),
    /** When it is worthless: then it is not sent any more. */
    expiresAt: instant("expires_at").notNull(),
    /** `KEPT`: there is nothing to send it with, so it is kept to be shown (in development). `DEAD`: given up. */
    state: text("state", { enum: ["PENDING", "SENT", "KEPT", "DEAD"] })
      .notNull()
      .default("PENDING"),
    attempts: integer("attempts").notNull().default(0),
    /**
     * Whoever takes a message moves it ahead, so that nobody else does: it comes back by itself where a process dies between sending and
     * noting.
     */
    nextAttemptAt: instant("next_attempt_at").notNull(),
    finishedAt: instant("finished_at"),
    /** Why the last attempt failed, in our words: neither addresses nor what the other side said. */
    problem: text("problem"),
  },
  (table) => [
    // Each channel, and what is waited for in it, has its own queue: however much there is in the others, a look costs the same.
    index("outbox_queues").on(table.channel, table.awaited, table.nextAttemptAt).concurrently().where(sql`${table.state} = 'PENDING'`),
    // For purging, and for what is kept of a user.
    index("outbox_finished").on(table.finishedAt).where(sql`${table.state} <> 'PENDING'`),
    index("outbox_user").on(table.userId),
  ],
);
