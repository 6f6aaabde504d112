import type { ExecutionResult } from "graphql";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { type ClientOptions, WebSocket } from "ws";
import type { RequestContext } from "../graphql/context.ts";
import { readUpstreamErrors, upstreamUnavailable } from "./upstream-errors.ts";
import type { UpstreamHeaders } from "./upstream-headers.ts";
import type { ConnectionOptions } from "./upstream-options.ts";

export interface SubscriptionText {
  readonly text: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** Ends the connection when the iterator is returned; throws where there is none, or none any more. */
export type UpstreamSubscriber = (subscription: SubscriptionText, context: RequestContext) => AsyncGenerator<ExecutionResult>;

type Options = Pick<ConnectionOptions, "name" | "subscriptions" | "maximumAnswerBytes" | "timeoutMilliseconds">;

/**
 * Every subscription has a connection of its own: whatever an upstream keeps with a connection, who is calling above all, is never
 * another caller's.
 */
export function createUpstreamSubscriber(options: Options, headersOf: UpstreamHeaders): UpstreamSubscriber {
  const open = options.subscriptions.protocol === "sse" ? openEventStream : openSocket;
  return async function* (subscription, context) {
    for await (const result of open(options, subscription, headersOf(context))) yield readResult(options.name, result);
  };
}

interface Results extends AsyncIterable<{ readonly data?: unknown; readonly errors?: unknown }> {}

/** GraphQL over WebSocket (graphql-transport-ws): headers travel with the upgrade, and as `connectionParams` for servers that look there. */
async function* openSocket(
  options: Options,
  { text, variables }: SubscriptionText,
  headers: Record<string, string>,
): Results & AsyncGenerator {
  const socketOptions: ClientOptions = {
    headers,
    maxPayload: options.maximumAnswerBytes,
    handshakeTimeout: options.timeoutMilliseconds,
    followRedirects: false,
  };
  class UpstreamSocket extends WebSocket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols, socketOptions);
    }
  }
  const client = createSocketClient({
    url: options.subscriptions.url,
    webSocketImpl: UpstreamSocket,
    connectionParams: headers,
    connectionAckWaitTimeout: options.timeoutMilliseconds,
    retryAttempts: 0,
  });
  try {
    yield* client.iterate({ query: text, variables: { ...variables } });
  } finally {
    await client.dispose();
  }
}

/** GraphQL over server-sent events, distinct connections mode. */
async function* openEventStream(
  options: Options,
  { text, variables }: SubscriptionText,
  headers: Record<string, string>,
): Results & AsyncGenerator {
  const client = createSseClient({ url: options.subscriptions.url, headers, retryAttempts: 0, fetchFn: fetchWithoutRedirects });
  try {
    yield* client.iterate({ query: text, variables: { ...variables } });
  } finally {
    client.dispose();
  }
}

/** A redirect would carry the caller's identity to wherever it leads. */
function fetchWithoutRedirects(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, redirect: "error" });
}

function readResult(upstream: string, { data, errors }: { readonly data?: unknown; readonly errors?: unknown }): ExecutionResult {
  const read = errors === undefined || errors === null ? [] : readUpstreamErrors(errors);
  const isData = data === undefined || data === null || (typeof data === "object" && !Array.isArray(data));
  if (read === undefined || !isData)
    return { data: null, errors: [upstreamUnavailable(upstream, new Error("an event that is no GraphQL"))] };
  return { data: (data ?? null) as Record<string, unknown> | null, ...(read.length > 0 ? { errors: read } : {}) };
}
