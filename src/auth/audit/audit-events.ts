import { type AuditEventType, auditEventTypes, NOBODY } from "../../database/tables/audit-event-types.ts";

export { type AuditEventType, auditEventTypes, NOBODY };

/** Events that somebody on call may want to see: they are logged at WARN, the others at INFO. */
export const securityEvents: ReadonlySet<AuditEventType> = new Set([
  "LOGIN_FAILED",
  "REFRESH_REPLAYED",
  "REFRESH_REUSED",
  "PASSWORD_CHANGED",
  "PASSWORD_RESET",
  "EMAIL_CHANGED",
  "EMAIL_CHANGE_UNDONE",
  "ACCOUNT_DELETION_REQUESTED",
  "ROLES_CHANGED",
  "USER_DISABLED",
  "USER_ENABLED",
  "USER_UNLOCKED",
  "FORCED_LOGOUT",
  "RATE_LIMITED",
]);

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
