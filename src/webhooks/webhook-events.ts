import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { endedSessionOf } from "../auth/audit/ended-session.ts";
import { userEvents, type WebhookEventType } from "./webhook-event-types.ts";

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
