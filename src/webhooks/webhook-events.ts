import type { AuditEvent, AuditEventType } from "../auth/audit/audit-events.ts";
import { endedSessionOf } from "../auth/audit/ended-session.ts";

/** The types of webhook events by the types of audit events. The ends of sessions are `session.ended`, whatever ended them. */
const userEvents = {
  REGISTERED: "user.registered",
  LOGIN_SUCCEEDED: "user.signed_in",
  EMAIL_VERIFIED: "user.email_verified",
  EMAIL_CHANGED: "user.email_changed",
  EMAIL_CHANGE_UNDONE: "user.email_change_undone",
  PASSWORD_CHANGED: "user.password_changed",
  PASSWORD_RESET: "user.password_reset",
  ROLES_CHANGED: "user.roles_changed",
  USER_DISABLED: "user.disabled",
  USER_ENABLED: "user.enabled",
  ACCOUNT_DELETION_REQUESTED: "user.deletion_requested",
  ACCOUNT_RESTORED: "user.restored",
  ACCOUNT_ERASED: "user.erased",
} as const satisfies Partial<Record<AuditEventType, string>>;

export type WebhookEventType = (typeof userEvents)[keyof typeof userEvents] | "session.ended";

export interface WebhookEvent {
  readonly type: WebhookEventType;
  readonly userId: string;
  /** Ids and facts, nothing personal: whoever is told asks for the rest. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The webhook event for an audit event; undefined where there is none: for failures, and for what concerns nobody's account. */
export function webhookEventOf(event: AuditEvent): WebhookEvent | undefined {
  const { userId, sessionId } = event;
  const type = webhookEventTypeOf(event);
  if (type === undefined || userId === null) return undefined;
  const end = endedSessionOf(event);
  if (end !== undefined) return { type, userId, data: { userId, sessionId, reason: end.endReason } };
  if (!event.succeeded) return undefined;
  return { type, userId, data: { userId, ...(sessionId !== null && { sessionId }), ...factsOf(event) } };
}

/** The type of webhook event for audit events of this kind, whether or not there is one for this very event. */
export function webhookEventTypeOf(event: AuditEvent): WebhookEventType | undefined {
  if (endedSessionOf(event) !== undefined) return "session.ended";
  return event.type in userEvents ? userEvents[event.type as keyof typeof userEvents] : undefined;
}

function factsOf({ type, detail }: AuditEvent): Readonly<Record<string, unknown>> {
  return type === "ROLES_CHANGED" ? { roles: detail?.after ?? detail?.roles } : {};
}
