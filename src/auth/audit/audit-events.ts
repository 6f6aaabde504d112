/** Closed: the names are those of the public contract. */
export const auditEventTypes = [
  "REGISTERED",
  "LOGIN_SUCCEEDED",
  "LOGIN_FAILED",
  "LOGOUT",
  "TOKEN_REFRESHED",
  "REFRESH_REPLAYED",
  "REFRESH_REUSED",
  "SESSION_REVOKED",
  "PASSWORD_CHANGED",
  "EMAIL_VERIFICATION_REQUESTED",
  "EMAIL_VERIFIED",
  "PASSWORD_RESET_REQUESTED",
  "PASSWORD_RESET",
  "EMAIL_CHANGE_REQUESTED",
  "EMAIL_CHANGED",
  "EMAIL_CHANGE_UNDONE",
  "ACCOUNT_DELETION_REQUESTED",
  "ACCOUNT_RESTORED",
  "ACCOUNT_ERASED",
  "ACCOUNT_EXPORTED",
  "ROLES_CHANGED",
  "USER_DISABLED",
  "USER_ENABLED",
  "USER_UNLOCKED",
  "FORCED_LOGOUT",
  "RATE_LIMITED",
  "SIGNING_KEY_ROTATED",
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

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
