import { z } from "zod";
import { parseDuration } from "./durations.ts";
import { parseSize } from "./sizes.ts";
import { isWebUrl } from "./urls.ts";
import type { YamlProblem } from "./yaml.ts";
import { parseSection } from "./yaml-section.ts";

/** How one graph behind the gateway is called. */
export interface ConnectionConfig {
  readonly name: string;
  readonly url: string;
  /** Client headers that are passed on, in lower case. */
  readonly headers: readonly string[];
  /** Undefined: the upstream is not told who is calling. */
  readonly identity: { readonly audience: string; readonly claims: readonly "email"[] } | undefined;
  readonly timeoutMilliseconds: number;
  readonly retries: number;
  readonly maximumAnswerBytes: number;
  readonly subscriptions: { readonly protocol: "graphql-ws" | "sse"; readonly url: string };
}

export interface UpstreamConfig extends ConnectionConfig {
  readonly sdl: { readonly file: string } | { readonly query: "_sdl" | "_service" } | { readonly introspection: true };
}

export interface SupergraphConfig {
  readonly file: string;
  /** The subgraph that is the auth graph of this process. */
  readonly authSubgraph: string;
  /** What the file does not say about the others, by their names. */
  readonly subgraphs: ReadonlyMap<
    string,
    Partial<Pick<ConnectionConfig, "url">> &
      Omit<ConnectionConfig, "name" | "url" | "subscriptions"> & { readonly subscriptions: Subscriptions }
  >;
}

type Subscriptions = { readonly protocol: "graphql-ws" | "sse"; readonly url?: string | undefined };

const upstreamsExample = "upstreams: [{ name: products, url: http://products:4001/graphql, sdl: { file: ./products.graphql } }]";
const supergraphExample = "supergraph: { file: ./supergraph.graphql, subgraphs: { products: { headers: [accept-language] } } }";

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

const name = z
  .string("must be a name.")
  .regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/, "must be a letter, then at most 63 letters, digits, _ or -.");
const url = z.string("must be an http or https URL.").refine(isWebUrl, "must be an http or https URL without user, query and fragment.");
const socketUrl = z.string("must be a URL.").regex(/^(wss?|https?):\/\/[^?#@\\\s]+$/i, "must be a ws, wss, http or https URL.");
const file = z.string("must be the path of a file.").min(1, "must be the path of a file.");
const header = z
  .string("must be the name of a header.")
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$/, "must be the name of a header.")
  .transform((written) => written.toLowerCase())
  .refine((written) => !reservedHeaders.has(written), "is a header that belongs to the gateway itself and cannot be passed on.");
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
const identity = z.union(
  [
    z.literal("off"),
    z.strictObject({
      audience: z.string("must be a text.").min(1, "must not be empty.").optional(),
      claims: z.array(z.literal("email", "is not a claim that can be added: email is.")).default([]),
    }),
  ],
  "must be off, or a mapping with the keys audience and claims: [email].",
);
const subscriptions = z.strictObject(
  { protocol: z.enum(["graphql-ws", "sse"], "must be graphql-ws or sse.").default("graphql-ws"), url: socketUrl.optional() },
  mapping,
);

const connection = {
  headers: z.array(header, "must be a list of header names.").default([]),
  identity: identity.optional(),
  timeout: duration.default(5000),
  retries: retries.default(1),
  bodyLimit: size.default(5 * 1024 * 1024),
  subscriptions: subscriptions.default({ protocol: "graphql-ws" }),
};

const sdl = z.union(
  [z.strictObject({ file }), z.strictObject({ query: z.enum(["_sdl", "_service"]) }), z.strictObject({ introspection: z.literal(true) })],
  "must be one of { file: PATH }, { query: _sdl }, { query: _service } and { introspection: true }.",
);

const upstreams = z
  .array(z.strictObject({ name, url, sdl, ...connection }, "must be a mapping with the keys name, url and sdl."), "must be a list.")
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, "has a name twice.")
  .refine(
    (list) => list.every((each) => each.name !== "auth"),
    'has an upstream named "auth", which is the name of the graph in this process.',
  );

const supergraph = z.strictObject(
  {
    file,
    authSubgraph: name.default("auth"),
    subgraphs: z
      .record(z.string(), z.strictObject({ url: url.optional(), ...connection }, mapping), "must be a mapping from names of subgraphs.")
      .default({}),
  },
  "must be a mapping with the key file.",
);

type Connection = z.infer<z.ZodObject<typeof connection>>;

/** The `upstreams` section. Paths are as written: whoever reads the file knows where it lies. */
export function parseUpstreams(content: unknown): { upstreams: readonly UpstreamConfig[]; problems: YamlProblem[] } {
  const { value = [], problems } = parseSection({ name: "upstreams", content, example: upstreamsExample }, upstreams);
  return {
    upstreams: value.map((each) => ({
      ...toConnection(each.name, each),
      url: each.url,
      sdl: each.sdl,
      subscriptions: subscriptionsOf(each.subscriptions, each.url),
    })),
    problems,
  };
}

/** The `supergraph` section. */
export function parseSupergraph(content: unknown): { supergraph: SupergraphConfig | undefined; problems: YamlProblem[] } {
  const { value, problems } = parseSection({ name: "supergraph", content, example: supergraphExample }, supergraph);
  if (value === undefined) return { supergraph: undefined, problems };
  const subgraphs = Object.entries(value.subgraphs).map(([key, each]) => {
    const { name: _, ...settings } = toConnection(key, each);
    return [key, { ...settings, ...(each.url === undefined ? {} : { url: each.url }), subscriptions: each.subscriptions }] as const;
  });
  return { supergraph: { file: value.file, authSubgraph: value.authSubgraph, subgraphs: new Map(subgraphs) }, problems };
}

function toConnection(named: string, { headers, identity: told, timeout, retries: again, bodyLimit }: Connection) {
  return {
    name: named,
    headers,
    identity: told === "off" ? undefined : { audience: told?.audience ?? named, claims: told?.claims ?? [] },
    timeoutMilliseconds: timeout,
    retries: again,
    maximumAnswerBytes: bodyLimit,
  };
}

/** WebSockets are looked for where the upstream answers HTTP. */
export function subscriptionsOf({ protocol, url: written }: Subscriptions, upstreamUrl: string): ConnectionConfig["subscriptions"] {
  return { protocol, url: written ?? (protocol === "sse" ? upstreamUrl : upstreamUrl.replace(/^http/i, "ws")) };
}
