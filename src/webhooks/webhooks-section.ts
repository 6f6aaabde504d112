import { z } from "zod";
import { filePath, HTTP_PATTERN, isTooOpen, mapping, tooOpen } from "../config/values/schemas.ts";
import type { Section, Surroundings } from "../config/values/section.ts";
import { isUrlWithQuery } from "../config/values/urls.ts";
import { webhookEventTypes } from "./webhook-event-types.ts";

const secretProblem = "must be { env: NAME } or { file: PATH }, or a list of those, the newest first.";
const countProblem = "must be one secret, or a list of at most 4.";
const eventsProblem = "must be a list of events.";

function secrets(surroundings: Surroundings) {
  const variable = z.string(secretProblem).regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of a variable.");
  const inVariable = mapping({ env: variable.describe("An environment variable that has the secret.") }, secretProblem);
  const inFile = mapping({ file: filePath(surroundings).describe("A file that has the secret, relative to this one.") }, secretProblem);
  const list = z
    .array(z.union([inVariable, inFile], secretProblem), secretProblem)
    .min(1, countProblem)
    .max(4, countProblem);
  return z.union([inVariable, inFile, list], secretProblem).transform((written) => [written].flat());
}

function webhook(surroundings: Surroundings) {
  return mapping(
    {
      url: z
        .string("must be an http or https URL.")
        .refine(isUrlWithQuery, "must be an http or https URL without user and fragment.")
        .refine((url) => !isTooOpen(url, surroundings), tooOpen)
        .meta({ description: "Where events are posted to.", pattern: `${HTTP_PATTERN}[^#@\\\\\\s]+$` }),
      secret: secrets(surroundings).describe(
        "What signs the events: whsec_ and 24 to 64 bytes in base64, never in this file. Of several each signs.",
      ),
      events: z
        .array(z.enum(webhookEventTypes, `must be one of ${webhookEventTypes.join(", ")}.`), eventsProblem)
        .min(1, eventsProblem)
        .transform((list) => [...new Set(list)])
        .describe("What is told."),
    },
    "must be a mapping with the keys url, secret and events.",
  ).transform(({ secret, ...others }) => ({ ...others, /** Newest first; each of them signs. */ secrets: secret }));
}

export const webhooksSection = {
  example: "webhooks: [{ url: https://crm.example.com/hooks, secret: { env: CRM_WEBHOOK_SECRET }, events: [user.registered] }]",
  schema: (surroundings: Surroundings) =>
    z
      .array(webhook(surroundings), "must be a list.")
      .refine((list) => new Set(list.map((each) => each.url)).size === list.length, "has a URL twice.")
      .prefault([])
      .describe("Other servers that are told what happens. See docs/guides/webhooks.md."),
} satisfies Section;
