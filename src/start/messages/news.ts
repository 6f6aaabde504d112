import type { News } from "../../auth/audit/audit.ts";
import type { Config } from "../../config/config.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import { createOutbox, createPayloads } from "../../outbox/outbox.ts";
import { createWebhookCalls } from "../../webhooks/webhook-calls.ts";

/** What an audit of this configuration tells others. */
export function createNews(
  { webhooks }: Pick<Config, "webhooks">,
  parts: { secrets: readonly [string, ...string[]]; clock: Clock; random: Random },
): News {
  const { secrets, clock, random } = parts;
  return { outbox: createOutbox({ payloads: createPayloads(secrets), clock, random }), messagesOf: createWebhookCalls(webhooks) };
}
