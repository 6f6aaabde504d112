import { z } from "zod";
import { durationBetween, flag, HTTP_PATTERN, mapping, mappingProblem, sizeUpTo, wholeNumber } from "../../config/values/schemas.ts";
import { isWebUrl } from "../../config/values/urls.ts";
import type { ConnectionOptions } from "./upstream-options.ts";

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
  .refine(isWebUrl, "must be an http or https URL without user, query and fragment.")
  .meta({ pattern: `${HTTP_PATTERN}[^?#@\\\\\\s]+$` });
const socketUrl = z
  .string("must be a URL.")
  .regex(/^([Ww][Ss]|[Hh][Tt][Tt][Pp])[Ss]?:\/\/[^?#@\\\s]+$/, "must be a ws, wss, http or https URL.");
const header = z
  .string("must be the name of a header.")
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, "must be the name of a header.")
  .transform((written) => written.toLowerCase())
  // Servers behind CGI and its like take `_` for `-`.
  .refine(
    (written) => !reservedHeaders.has(written.replaceAll("_", "-")),
    "is a header that belongs to the gateway itself and cannot be passed on.",
  );

const claimProblem = "must be the name of a claim.";
const claim = z.string(claimProblem).regex(/^[A-Za-z][\w.:/-]{0,127}$/, claimProblem);
const identityProblem = "must be off, or a mapping with the keys audience and claims: a list of email and of what the hook claims adds.";
const identity = z.union(
  [
    z.literal("off"),
    mapping(
      {
        audience: z
          .string("must be a text.")
          .min(1, "must not be empty.")
          .optional()
          .describe("The aud of the token; else the graph's name."),
        claims: z
          .array(claim, "must be a list.")
          .prefault([])
          .describe("Claims beside roles and scopes: email, and what the hook claims adds."),
        anonymous: flag.optional().describe("Whether the graph is told of callers who have not signed in."),
      },
      identityProblem,
    ),
  ],
  identityProblem,
);
const subscriptions = mapping(
  {
    protocol: z.enum(["graphql-ws", "sse"], "must be graphql-ws or sse.").prefault("graphql-ws").describe("How subscriptions travel."),
    url: socketUrl.optional().describe("Where subscriptions are asked for, if not where queries are."),
  },
  mappingProblem,
);

/** What is said of every graph behind the gateway, besides its name and its address. */
export const connectionSettings = {
  headers: z.array(header, "must be a list of header names.").prefault([]).describe("Headers of the client that are passed on."),
  identity: identity.optional().describe("What the graph is told of the caller, in a signed token; off for nothing."),
  timeout: durationBetween({ min: "1s", max: "5m" }, "must be a duration from 1s to 5m, such as 5s.")
    .prefault("5s")
    .describe("How long an answer may take, retries included."),
  retries: wholeNumber({ min: 0, max: 5 }, "must be a whole number from 0 to 5.")
    .prefault(1)
    .describe("How often a query is sent again where the graph was not reached."),
  bodyLimit: sizeUpTo("256MB", "must be a size from 1kB to 256MB, such as 5MB.")
    .prefault("5MB")
    .describe("The largest answer that is taken."),
  subscriptions: subscriptions.prefault({}).describe("How subscriptions reach the graph."),
};

type Settings = z.output<z.ZodObject<typeof connectionSettings>>;

/** The settings of one graph, with what follows from its name and its address. */
export function toConnection(graph: { readonly name: string; readonly url: string }, settings: Settings): ConnectionOptions {
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
    timeoutMilliseconds: timeout * 1000,
    retries: again,
    maximumAnswerBytes: bodyLimit,
    subscriptions: { protocol: live.protocol, url: liveUrl },
  };
}
