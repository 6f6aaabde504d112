import { z } from "zod";
import { parseDuration } from "../values/durations.ts";
import { parseSize } from "../values/sizes.ts";
import { isWebUrl } from "../values/urls.ts";

/** How one graph behind the gateway is called. */
export interface ConnectionConfig {
  readonly name: string;
  readonly url: string;
  /** Client headers that are passed on, in lower case. */
  readonly headers: readonly string[];
  /** Undefined: the upstream is not told who is calling. */
  readonly identity: { readonly audience: string; readonly claims: readonly string[]; readonly anonymous?: boolean } | undefined;
  readonly timeoutMilliseconds: number;
  readonly retries: number;
  readonly maximumAnswerBytes: number;
  readonly subscriptions: { readonly protocol: "graphql-ws" | "sse"; readonly url: string };
}

/** What belongs to the connection, to the gateway or to the browser, and cannot be passed on. */
const reservedHeaders: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "connection",
  "content-encoding",
  "content-length",
  "content-type",
  "cookie",
  "expect",
  "gateway-identity",
  "host",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

export const graphName = z
  .string("must be a name.")
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "must be a letter, then at most 63 letters, digits, _ or -.");
export const graphUrl = z
  .string("must be an http or https URL.")
  .refine(isWebUrl, "must be an http or https URL without user, query and fragment.");
const socketUrl = z.string("must be a URL.").regex(/^(wss?|https?):\/\/[^?#@\\\s]+$/i, "must be a ws, wss, http or https URL.");
export const filePath = z.string("must be the path of a file.").min(1, "must be the path of a file.");
const header = z
  .string("must be the name of a header.")
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, "must be the name of a header.")
  .transform((written) => written.toLowerCase())
  // Servers behind CGI and its like take `_` for `-`.
  .refine(
    (written) => !reservedHeaders.has(written.replaceAll("_", "-")),
    "is a header that belongs to the gateway itself and cannot be passed on.",
  );
const duration = z.string("must be a duration such as 5s.").transform((text, context) => {
  const seconds = parseDuration(text);
  if (seconds !== undefined && seconds >= 1 && seconds <= 300) return seconds * 1000;
  context.addIssue({ code: "custom", message: "must be a duration from 1s to 5m, such as 5s." });
  return z.NEVER;
});
const size = z.string("must be a size such as 5MB.").transform((text, context) => {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes > 0 && bytes <= 256 * 1024 * 1024) return bytes;
  context.addIssue({ code: "custom", message: "must be a size from 1kB to 256MB, such as 5MB." });
  return z.NEVER;
});
const retries = z
  .number("must be a whole number from 0 to 5.")
  .int("must be a whole number from 0 to 5.")
  .min(0, "must be a whole number from 0 to 5.")
  .max(5, "must be a whole number from 0 to 5.");
const mapping = "must be a mapping.";
/** `email`, or one that the hook `claims` adds. */
const claim = z.string("must be the name of a claim.").regex(/^[A-Za-z][\w.:/-]{0,127}$/, "must be the name of a claim.");
const identity = z.union(
  [
    z.literal("off"),
    z.strictObject({
      audience: z.string("must be a text.").min(1, "must not be empty.").optional(),
      claims: z.array(claim).default([]),
      anonymous: z.boolean("must be true or false.").optional(),
    }),
  ],
  "must be off, or a mapping with the keys audience and claims: a list of email and of what the hook claims adds.",
);
const subscriptions = z.strictObject(
  { protocol: z.enum(["graphql-ws", "sse"], "must be graphql-ws or sse.").default("graphql-ws"), url: socketUrl.optional() },
  mapping,
);

/** What is said of every graph behind the gateway, beside its name and its address. */
export const connectionSettings = {
  headers: z.array(header, "must be a list of header names.").default([]),
  identity: identity.optional(),
  timeout: duration.default(5000),
  retries: retries.default(1),
  bodyLimit: size.default(5 * 1024 * 1024),
  subscriptions: subscriptions.default({ protocol: "graphql-ws" }),
};

type Settings = z.infer<z.ZodObject<typeof connectionSettings>>;

/** The settings of one graph, with what follows from its name and its address. */
export function toConnection(graph: { readonly name: string; readonly url: string }, settings: Settings): ConnectionConfig {
  const { headers, identity: told, timeout, retries: again, bodyLimit, subscriptions: live } = settings;
  // WebSockets are looked for where the graph answers HTTP.
  const liveUrl = live.url ?? (live.protocol === "sse" ? graph.url : graph.url.replace(/^http/i, "ws"));
  return {
    ...graph,
    headers,
    identity:
      told === "off"
        ? undefined
        : { audience: told?.audience ?? graph.name, claims: told?.claims ?? [], ...(told?.anonymous === true && { anonymous: true }) },
    timeoutMilliseconds: timeout,
    retries: again,
    maximumAnswerBytes: bodyLimit,
    subscriptions: { protocol: live.protocol, url: liveUrl },
  };
}
