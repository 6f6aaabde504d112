import type { Config } from "../../config/config.ts";
import { isWebhookSecret } from "../../config/values/webhook-secrets.ts";
import type { Clock } from "../../core/clock.ts";
import { StartupError } from "../../core/errors.ts";
import type { WebhookDelivery } from "../../webhooks/deliver-webhook.ts";
import { readOperatorsFile } from "../files/operators-file.ts";

type SecretSource = Config["webhooks"][number]["secrets"][number];

/** From connecting to the end of the answer: well below the time after which another process takes a message over. */
const TIMEOUT_MILLISECONDS = 10_000;

/** Loaded only where a webhook is configured. Rejects with a StartupError for a secret that cannot be one. */
export async function openWebhooks(config: Pick<Config, "webhooks" | "webhookSecrets">, clock: Clock): Promise<WebhookDelivery> {
  const { webhooks, webhookSecrets } = config;
  const read = (source: SecretSource) => ("env" in source ? (webhookSecrets.get(source.env) ?? "") : readSecretFile(source.file));
  const endpoints = webhooks.map(({ url, secrets }) => ({ url, secrets: secrets.map(read) }));
  const { createWebhookDelivery } = await import("../../webhooks/deliver-webhook.ts");
  return createWebhookDelivery({ clock }, { endpoints, timeoutMilliseconds: TIMEOUT_MILLISECONDS });
}

function readSecretFile(path: string): string {
  const secret = readOperatorsFile("The secret of a webhook", path).trim();
  if (isWebhookSecret(secret)) return secret;
  throw new StartupError(
    `The secret of a webhook must be whsec_ and 24 to 64 random bytes in base64; this file has something else: ${path}`,
  );
}
