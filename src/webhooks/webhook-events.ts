import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { endedSessionOf } from "../auth/audit/ended-session.ts";
import { userEvents, type WebhookEventType } from "./webhook-event-types.ts";

export interface WebhookEvent {
  readonly type: WebhookEventType;
  readonly userId: string;
  /** Ids and facts, nothing personal: whoever is told asks for the rest. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Undefined where others are not told: of what failed, and of what concerns nobody's account. */
export function webhookEventOf(event: AuditEvent): WebhookEvent | undefined {
  const { userId, sessionId } = event;
  const type = webhookEventTypeOf(event);
  if (type === undefined || userId === null) return undefined;
  const end = endedSessionOf(event);
  if (end !== undefined) return { type, userId, data: { userId, sessionId, reason: end.endReason } };
  if (!event.succeeded) return undefined;
  return { type, userId, data: { userId, ...(sessionId !== null && { sessionId }), ...factsOf(event) } };
}

/** Of an event like this one, whether or not this one is told. */
export function webhookEventTypeOf(event: AuditEvent): WebhookEventType | undefined {
  if (endedSessionOf(event) !== undefined) return "session.ended";
  return event.type in userEvents ? userEvents[event.type as keyof typeof userEvents] : undefined;
}

function factsOf({ type, detail }: AuditEvent): Readonly<Record<string, unknown>> {
  return type === "ROLES_CHANGED" ? { roles: detail?.after ?? detail?.roles } : {};
}
