import { z } from "zod";
import { type Environment, setting } from "../environment/environment.ts";
import type { ConfigProblem } from "../values/config-error.ts";
import { isLocalhost, isPlainHttp, isUrlWithQuery } from "../values/urls.ts";
import { filePath } from "./connection-settings.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

/** What other servers can be told. */
const eventTypes = [
  "user.registered",
  "user.signed_in",
  "user.email_verified",
  "user.email_changed",
  "user.email_change_undone",
  "user.password_changed",
  "user.password_reset",
  "user.roles_changed",
  "user.disabled",
  "user.enabled",
  "user.deletion_requested",
  "user.restored",
  "user.erased",
  "session.ended",
] as const;

/** Where a secret stands: never in the file itself. */
export type SecretSource = { readonly env: string } | { readonly file: string };

/** Another server that is told of events. */
export interface WebhookConfig {
  readonly url: string;
  /** Newest first; each of them signs. */
  readonly secrets: readonly SecretSource[];
  readonly events: readonly (typeof eventTypes)[number][];
}

const example = "webhooks: [{ url: https://crm.example.com/hooks, secret: { env: CRM_WEBHOOK_SECRET }, events: [user.registered] }]";

const secretSource = z.union(
  [z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) }), z.strictObject({ file: filePath })],
  "must be { env: NAME } or { file: PATH }, or a list of those, the newest first.",
);
const secrets = z
  .preprocess((written) => [written].flat(), z.array(secretSource))
  .refine((list) => list.length >= 1 && list.length <= 4, "must be one secret, or a list of at most 4.");
const url = z.string("must be an http or https URL.").refine(isUrlWithQuery, "must be an http or https URL without user and fragment.");
const events = z
  .array(z.enum(eventTypes, `must be one of ${eventTypes.join(", ")}.`), "must be a list of events.")
  .min(1, "must be a list of events.")
  .transform((list) => [...new Set(list)]);

const webhooks = z
  .array(z.strictObject({ url, secret: secrets, events }, "must be a mapping with the keys url, secret and events."), "must be a list.")
  .refine((list) => new Set(list.map((each) => each.url)).size === list.length, "has a URL twice.");

/** The `webhooks` section. Paths are as written: whoever reads the file knows where it lies. */
export function parseWebhooks(
  content: unknown,
  { inProduction }: { inProduction: boolean },
): { webhooks: readonly WebhookConfig[]; problems: YamlProblem[] } {
  const { value = [], problems } = parseSection({ name: "webhooks", content, example }, webhooks);
  const isExposed = (address: string) => inProduction && isPlainHttp(address) && !isLocalhost(address);
  const exposed = value.flatMap((each, index) => (isExposed(each.url) ? [{ at: `webhooks[${index}].url`, example }] : []));
  const problem = "must be https:// in production, unless it is localhost.";
  return {
    webhooks: value.map(({ secret, ...each }) => ({ ...each, secrets: secret })),
    problems: [...problems, ...exposed.map((each) => ({ ...each, problem }))],
  };
}

const secretExample = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/** Standard Webhooks: base64 of 24 to 64 bytes behind `whsec_`. */
export function isWebhookSecret(written: string): boolean {
  const [, encoded] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(written) ?? [];
  if (encoded === undefined) return false;
  const bytes = Buffer.from(encoded, "base64");
  return bytes.length >= 24 && bytes.length <= 64 && bytes.toString("base64").replace(/=+$/, "") === encoded.replace(/=+$/, "");
}

/** The secrets that stand in variables, by the variables' names. */
export function readWebhookSecrets(
  env: Environment,
  hooks: readonly WebhookConfig[],
): { webhookSecrets: ReadonlyMap<string, string>; problems: ConfigProblem[] } {
  const names = new Set(hooks.flatMap(({ secrets: sources }) => sources.flatMap((source) => ("env" in source ? [source.env] : []))));
  const found = [...names].map((name) => [name, setting(env, name) ?? ""] as const);
  const problem = "must be whsec_ and 24 to 64 random bytes in base64: gateway.yaml names it as the secret of a webhook.";
  return {
    webhookSecrets: new Map(found),
    problems: found
      .filter(([, secret]) => !isWebhookSecret(secret))
      .map(([variable]) => ({ variable, problem, example: `${variable}=${secretExample}` })),
  };
}
