import type { Transaction } from "../../database/database.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import type { AuditEvent } from "./audit-events.ts";

export async function insertAuditEvent(tx: Transaction, event: AuditEvent): Promise<void> {
  await tx.insert(auditEvents).values(event).prepare("insert_audit_event").execute();
}
