import { type AuditEventType, auditEventTypes, NOBODY } from "../../database/columns/audit-event-types.ts";

export { type AuditEventType, auditEventTypes, NOBODY };

export type AuditDetail = Readonly<Record<string, string | number | boolean | readonly string[]>>;

export interface AuditEvent {
  readonly id: string;
  readonly type: AuditEventType;
  readonly occurredAt: Date;
  /** Whose account it concerns; null where no account matched. */
  readonly userId: string | null;
  /** Who did it; null for an anonymous caller. */
  readonly actorId: string | null;
  readonly sessionId: string | null;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
  /** For the log only: absent in what is read back, and in what no request has caused. */
  readonly requestId?: string;
  readonly succeeded: boolean;
  /** Facts of this type of event; never a secret. */
  readonly detail: AuditDetail | null;
}
