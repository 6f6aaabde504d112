import type { Database, Transaction } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import type { AuditEvent } from "./audit-events.ts";

/** Far below PostgreSQL's limit of 65,535 parameters a statement. */
const ROWS_PER_STATEMENT = 1000;

export async function insertAuditEvents(tx: Database | Transaction, events: readonly AuditEvent[]): Promise<void> {
  // Nearly always it is one entry, and that statement is prepared.
  if (events.length === 1) {
    await tx
      .insert(auditEvents)
      .values([...events])
      .prepare("insert_audit_event")
      .execute();
    return;
  }
  for (let index = 0; index < events.length; index += ROWS_PER_STATEMENT) {
    await tx.insert(auditEvents).values(events.slice(index, index + ROWS_PER_STATEMENT));
  }
}
