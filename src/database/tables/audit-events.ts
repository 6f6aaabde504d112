import { boolean, index, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instant } from "./column-types.ts";

/** Append-only, and without foreign keys: an entry outlives what it tells of. */
export const auditEvents = pgTable(
  "audit_events",
  {
    id: uuid("id").primaryKey(),
    type: text("type").notNull(),
    occurredAt: instant("occurred_at").notNull(),
    userId: uuid("user_id"),
    actorId: uuid("actor_id"),
    sessionId: uuid("session_id"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    succeeded: boolean("succeeded").notNull(),
    detail: jsonb("detail").$type<Record<string, string | number | boolean>>(),
  },
  // "What happened to this account?" is asked by user, newest first.
  (table) => [index("audit_events_user").on(table.userId, table.occurredAt)],
);
