import { sql } from "drizzle-orm";
import { boolean, check, index, jsonb, primaryKey, text, uuid } from "drizzle-orm/pg-core";
import { isKnownAuditEventType, NOBODY } from "../columns/audit-event-types.ts";
import { instant } from "../columns/column-types.ts";
import { authSchema } from "./auth-schema.ts";

/**
 * Append-only, and without foreign keys: an entry outlives what it tells of. The id is a UUIDv7 of `occurred_at`, so that
 * the order of ids is the order of time, and a span of time is a range of ids.
 */
export const auditEvents = authSchema.table(
  "audit_events",
  {
    id: uuid("id").notNull(),
    type: text("type").notNull(),
    occurredAt: instant("occurred_at").notNull(),
    /** `NOBODY` where it concerns no account: a part of the key is never null. */
    userId: uuid("user_id").notNull().default(NOBODY),
    actorId: uuid("actor_id"),
    sessionId: uuid("session_id"),
    ipAddress: text("ip_address"),
    userAgent: text("user_agent"),
    succeeded: boolean("succeeded").notNull(),
    detail: jsonb("detail").$type<Readonly<Record<string, string | number | boolean | readonly string[]>>>(),
  },
  // "What happened?" is asked of a user, of a session, of a type of event and of a time, newest first.
  (table) => [
    primaryKey({ columns: [table.userId, table.id] }),
    // Entries that were there before it are not looked at: a trail is not rewritten.
    check("audit_events_type_known", isKnownAuditEventType(table.type)),
    index("audit_events_id").on(table.id).concurrently(),
    index("audit_events_session").on(table.sessionId, table.id),
    index("audit_events_type").on(table.type, table.id),
    // What admins did to others is to be found when they are erased. Of all other entries there is nothing in it, and they pay nothing for
    // it.
    index("audit_events_deeds")
      .on(table.actorId, table.id)
      .concurrently()
      .where(sql`${table.actorId} is not null and ${table.actorId} is distinct from ${table.userId}`),
    // What came from an address; refreshes are left out, because there are so many, and pay nothing for it.
    index("audit_events_address")
      .on(table.ipAddress, table.id)
      .concurrently()
      .where(sql`${table.type} not in ('TOKEN_REFRESHED', 'REFRESH_REPLAYED')`),
  ],
);
