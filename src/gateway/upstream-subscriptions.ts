import type { ExecutionResult } from "graphql";
import { createClient as createSseClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import { type ClientOptions, WebSocket } from "ws";
import type { RequestContext } from "../graphql/context.ts";
import { mapEvents } from "../graphql/map-events.ts";
import { readResult } from "./upstream-answers.ts";
import type { UpstreamHeaders } from "./upstream-headers.ts";
import type { ConnectionOptions } from "./upstream-options.ts";

export interface SubscriptionText {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** Ends the connection as soon as it is ended itself, whether or not an event is under way. */
export type UpstreamSubscriber = (subscription: SubscriptionText, context: RequestContext) => AsyncIterableIterator<ExecutionResult>;

type Options = Pick<ConnectionOptions, "name" | "subscriptions" | "maximumAnswerBytes" | "timeoutMilliseconds">;
type Open = (options: Options, subscription: SubscriptionText, headers: Record<string, string>) => AsyncIterable<unknown>;

const openers: Readonly<Record<Options["subscriptions"]["protocol"], Open>> = { "graphql-ws": openSocket, sse: openEventStream };

/**
 * Every subscription has a connection of its own: whatever an upstream keeps with a connection, who is calling above all, is never
 * another caller's. `fail` says what to answer where there is no connection, or none any more.
 */
export function createUpstreamSubscriber(
  options: Options,
  headersOf: UpstreamHeaders,
  fail: (error: unknown, requestId: string) => ExecutionResult,
): UpstreamSubscriber {
  const open = openers[options.subscriptions.protocol];
  return (subscription, context) =>
    mapEvents(open(options, subscription, headersOf(context)), {
      map: async (event) => readResult(options.name, event),
      fail: (error) => fail(error, context.requestId),
    });
}

/** GraphQL over WebSocket (graphql-transport-ws): headers travel with the upgrade, and as `connectionParams` for servers that look there. */
function openSocket(options: Options, subscription: SubscriptionText, headers: Record<string, string>): AsyncIterable<unknown> {
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
  return client.iterate(subscription);
}

/** GraphQL over server-sent events, in distinct connections mode. */
function openEventStream(options: Options, subscription: SubscriptionText, headers: Record<string, string>): AsyncIterable<unknown> {
  const client = createSseClient({ url: options.subscriptions.url, headers, retryAttempts: 0, fetchFn: fetchWithoutRedirects });
  return client.iterate(subscription);
}

/** A redirect would carry the caller's identity to wherever it leads. */
function fetchWithoutRedirects(url: string, init: RequestInit): Promise<Response> {
  return fetch(url, { ...init, redirect: "error" });
}
