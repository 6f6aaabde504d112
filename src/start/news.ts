import type { News } from "../auth/audit/audit.ts";
import type { Clock } from "../auth/clock.ts";
import { createOutbox, createPayloads } from "../auth/outbox/outbox.ts";
import type { Random } from "../auth/random.ts";
import type { Config } from "../config/config.ts";
import { createWebhookCalls } from "../webhooks/webhook-calls.ts";

/** What an audit of this configuration tells others. */
export function createNews(
  { webhooks }: Pick<Config, "webhooks">,
  parts: { secrets: readonly [string, ...string[]]; clock: Clock; random: Random },
): News {
  const { secrets, clock, random } = parts;
  return { outbox: createOutbox({ payloads: createPayloads(secrets), clock, random }), messagesOf: createWebhookCalls(webhooks) };
}
