/** Closed: the names are those of the public contract. */
export type AuditEventType =
  | "REGISTERED"
  | "LOGIN_SUCCEEDED"
  | "LOGIN_FAILED"
  | "LOGOUT"
  | "TOKEN_REFRESHED"
  | "REFRESH_REPLAYED"
  | "REFRESH_REUSED"
  | "SIGNING_KEY_ROTATED";

/** Events that somebody on call may want to see: they are logged at WARN, the others at INFO. */
export const securityEvents: ReadonlySet<AuditEventType> = new Set(["LOGIN_FAILED", "REFRESH_REPLAYED", "REFRESH_REUSED"]);

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
  readonly succeeded: boolean;
  /** Facts of this type of event; never a secret. */
  readonly detail: Record<string, string | number | boolean> | null;
}
