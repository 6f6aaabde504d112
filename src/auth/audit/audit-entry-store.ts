import type { Fragment } from "postgres";
import type { Statements } from "../../database/database.ts";
import type { AuditEvent } from "./audit-events.ts";

/** What an entry says, as parameters or as columns of a statement that writes several. */
export type EntryValues = Readonly<
  Record<"id" | "type" | "occurredAt" | "sessionId" | "ipAddress" | "userAgent", Fragment | string | null>
>;

/**
 * The entry of something that users did to their own account and that succeeded, as a part of the statement that does it. The `from`
 * follows: its `user_id` is the user, and it has no row where nothing was done.
 */
export function insertEntry({ $client: client, $tables: tables }: Statements, entry: EntryValues): Fragment {
  return client`
      insert into ${tables.auditEvents} (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
      select ${entry.id}::uuid, ${entry.type}, ${entry.occurredAt}::timestamptz, user_id, user_id, ${entry.sessionId}::uuid,
        ${entry.ipAddress}, ${entry.userAgent}, true`;
}

/** An event's values as parameters. */
export function entryOf({ id, type, occurredAt, sessionId, ipAddress, userAgent }: AuditEvent): EntryValues {
  return { id, type, occurredAt: occurredAt.toISOString(), sessionId, ipAddress, userAgent };
}
