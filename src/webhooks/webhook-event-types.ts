import type { AuditEventType } from "../auth/audit/audit-events.ts";

/** What an audit event is called where others are told of it. The ends of sessions are `session.ended`, whatever ended them. */
export const userEvents = {
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

/** What other servers can be told. */
export const webhookEventTypes = [...Object.values(userEvents), "session.ended"] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];
