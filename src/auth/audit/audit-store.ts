import { sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import { type AuditEvent, NOBODY } from "./audit-events.ts";

/** A few megabytes of text. */
const ROWS_PER_STATEMENT = 5000;

export async function insertAuditEvents(tx: Database | Transaction, events: readonly AuditEvent[]): Promise<void> {
  // Nearly always it is one entry, and that statement is prepared.
  if (events.length === 1) {
    await tx.insert(auditEvents).values(events.map(toRow)).prepare("insert_audit_event").execute();
    return;
  }
  for (let index = 0; index < events.length; index += ROWS_PER_STATEMENT) {
    await insertMany(tx, events.slice(index, index + ROWS_PER_STATEMENT));
  }
}

/** An entry of nobody's stands under the nil UUID. */
function toRow({ userId, ...event }: AuditEvent) {
  return { ...event, userId: userId ?? NOBODY };
}

/** As one parameter: a parameter for each value takes several times as long to build and to read. */
async function insertMany(tx: Database | Transaction, events: readonly AuditEvent[]): Promise<void> {
  const rows = JSON.stringify(events.map(toRow));
  await tx.execute(sql`
    insert into ${auditEvents} (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded, detail)
    select id, type, "occurredAt", "userId", "actorId", "sessionId", "ipAddress", "userAgent", succeeded, detail
    from json_to_recordset(${rows}::text::json) as entries (
      id uuid, type text, "occurredAt" timestamptz, "userId" uuid, "actorId" uuid, "sessionId" uuid,
      "ipAddress" text, "userAgent" text, succeeded boolean, detail jsonb
    )`);
}
