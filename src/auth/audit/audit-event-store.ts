import type { Fragment } from "postgres";
import type { Statements } from "../../database/database.ts";
import type { AuditEvent } from "./audit-events.ts";

/** What an event says, as parameters or as columns of a statement that writes several. */
export type EventValues = Readonly<
  Record<"id" | "type" | "occurredAt" | "sessionId" | "ipAddress" | "userAgent", Fragment | string | null>
>;

/**
 * The event of something that users did to their own account and that succeeded, as a part of the statement that does it. The `from`
 * follows: its `user_id` is the user, and it has no row where nothing was done.
 */
export function insertEvent({ $sql: sql, $tables: tables }: Statements, event: EventValues): Fragment {
  return sql`
      insert into ${tables.auditEvents} (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
      select ${event.id}::uuid, ${event.type}, ${event.occurredAt}::timestamptz, user_id, user_id, ${event.sessionId}::uuid,
        ${event.ipAddress}, ${event.userAgent}, true`;
}

/** An event's values as parameters. */
export function eventValuesOf({ id, type, occurredAt, sessionId, ipAddress, userAgent }: AuditEvent): EventValues {
  return { id, type, occurredAt: occurredAt.toISOString(), sessionId, ipAddress, userAgent };
}
