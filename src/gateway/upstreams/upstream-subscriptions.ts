import type { ExecutionResult } from "graphql";
import type { RequestContext } from "../../graphql/context.ts";
import { mapEvents } from "../../graphql/map-events.ts";
import { readResult } from "./upstream-answers.ts";
import { createEventStreamOpener } from "./upstream-event-stream.ts";
import type { UpstreamHeaders } from "./upstream-headers.ts";
import { createSocketOpener } from "./upstream-socket.ts";
import type { OpenSource, SourceOptions, SubscriptionText } from "./upstream-source.ts";

/** Ends the connection as soon as it is ended itself, whether or not an event is under way. */
export type UpstreamSubscriber = (subscription: SubscriptionText, context: RequestContext) => AsyncIterableIterator<ExecutionResult>;

type Protocol = SourceOptions["subscriptions"]["protocol"];

const openers: Readonly<Record<Protocol, (options: SourceOptions) => OpenSource>> = {
  "graphql-ws": createSocketOpener,
  sse: createEventStreamOpener,
};

/**
 * Every subscription has a connection of its own: whatever an upstream keeps with a connection, who is calling above all, is never
 * another caller's. `fail` says what to answer where there is no connection, or none any more.
 */
export function createUpstreamSubscriber(
  options: SourceOptions,
  headersOf: UpstreamHeaders,
  fail: (error: unknown, requestId: string) => ExecutionResult,
): UpstreamSubscriber {
  const open = openers[options.subscriptions.protocol](options);
  return (subscription, context) =>
    mapEvents(open(subscription, headersOf(context)), {
      map: async (event) => readResult(options.name, event),
      fail: (error) => fail(error, context.requestId),
    });
}
