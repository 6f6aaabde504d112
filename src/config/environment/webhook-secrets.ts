import type { FileSections } from "../file/sections.ts";
import type { ConfigProblem } from "../values/config-error.ts";
import { isWebhookSecret } from "../values/webhook-secrets.ts";
import { type Environment, setting } from "./environment.ts";

const example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** The secrets that stand in variables, by the variables' names. */
export function readWebhookSecrets(
  env: Environment,
  hooks: FileSections["webhooks"],
): { webhookSecrets: ReadonlyMap<string, string>; problems: ConfigProblem[] } {
  const names = new Set(hooks.flatMap(({ secrets: sources }) => sources.flatMap((source) => ("env" in source ? [source.env] : []))));
  const found = [...names].map((name) => [name, setting(env, name) ?? ""] as const);
  const problem = "must be whsec_ and 24 to 64 random bytes in base64: gateway.yaml names it as the secret of a webhook.";
  return {
    webhookSecrets: new Map(found),
    problems: found
      .filter(([, secret]) => !isWebhookSecret(secret))
      .map(([variable]) => ({ variable, problem, example: `${variable}=${example}` })),
  };
}
