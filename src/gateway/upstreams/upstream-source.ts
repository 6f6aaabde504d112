import type { ConnectionOptions } from "./upstream-options.ts";

export interface SubscriptionText {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

export type SourceOptions = Pick<ConnectionOptions, "name" | "subscriptions" | "maximumAnswerBytes" | "timeoutMilliseconds">;

/**
 * Opens one subscription on a connection of its own, which is closed as soon as the iterator is returned, whether or not an event is
 * under way. What comes out is whatever the upstream sends for a result; it throws where there is no connection, or none any more. No more
 * is read from the upstream than is taken: a client's slowness is the upstream's to bear.
 */
export type OpenSource = (subscription: SubscriptionText, headers: Readonly<Record<string, string>>) => AsyncIterableIterator<unknown>;
