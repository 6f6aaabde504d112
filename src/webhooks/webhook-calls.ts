import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { addSeconds } from "../core/clock.ts";
import type { NewMessage } from "../outbox/outbox-messages.ts";
import type { WebhookEventType } from "./webhook-event-types.ts";
import { webhookEventOf, webhookEventTypeOf } from "./webhook-events.ts";

export interface WebhookSubscription {
  readonly url: string;
  readonly events: readonly WebhookEventType[];
}

/** Servers may be away for a weekend. */
const WORTH_SENDING_SECONDS = 3 * 86_400;

/** Makes the webhook calls for an audit event, for `News`: one for each URL that has subscribed to its type. */
export function createWebhookCalls(
  subscriptions: readonly WebhookSubscription[],
): (event: AuditEvent) => readonly NewMessage[] | undefined {
  const urlsByType = new Map<WebhookEventType, string[]>();
  for (const { url, events } of subscriptions) {
    for (const type of events) urlsByType.set(type, [...(urlsByType.get(type) ?? []), url]);
  }

  return (event) => {
    if (urlsByType.size === 0) return undefined;
    const wanted = webhookEventTypeOf(event);
    const urls = wanted && urlsByType.get(wanted);
    if (urls === undefined) return undefined;
    const told = webhookEventOf(event);
    if (told === undefined) return [];
    const { type, userId, data } = told;
    const body = JSON.stringify({ type, timestamp: event.occurredAt, data });
    const expiresAt = addSeconds(event.occurredAt, WORTH_SENDING_SECONDS);
    // The id of an erased user stands in no row any more, only in the sealed message until it is sent.
    const owner = type === "user.erased" ? null : userId;
    return urls.map((url) => ({ channel: "webhook", url, type, body, userId: owner, expiresAt }));
  };
}
