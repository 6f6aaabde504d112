import type { AccessPolicies } from "../../access/requirements/access-policies.ts";

/**
 * Where an upstream's SDL, with its directives applied, comes from. Introspection carries no directives: such a graph is guarded by
 * `access` alone.
 */
export type SdlSource =
  | { readonly file: string }
  /** `_sdl` as @graphql-tools/stitch has it, `_service` as Apollo Federation has it. */
  | { readonly query: "_sdl" | "_service" }
  | { readonly introspection: true };

/** What an upstream is told about the caller, in a token that it can verify. */
export interface IdentityOptions {
  readonly audience: string;
  /** Beyond `sub`, `sid`, `roles` and `scope`. */
  readonly claims: readonly string[];
  /** Whether it is told of anonymous callers that they are: then it can refuse whoever came past the gateway. */
  readonly anonymous?: boolean;
}

/** How a subscription reaches the upstream. */
export interface SubscriptionOptions {
  readonly protocol: "graphql-ws" | "sse";
  readonly url: string;
}

/** What is sent to one graph behind the gateway, and how much of it is waited for. */
export interface ConnectionOptions {
  readonly name: string;
  readonly url: string;
  /** Client headers that are passed on, in lower case; nothing else is. */
  readonly headers: readonly string[];
  /** Undefined: the upstream is not told who is calling. */
  readonly identity: IdentityOptions | undefined;
  /** From the first byte sent to the last byte received, retries included. */
  readonly timeoutMilliseconds: number;
  /** How often a query, never a mutation, is sent again where the upstream could not be reached or says that it is not ready. */
  readonly retries: number;
  readonly maximumAnswerBytes: number;
  readonly subscriptions: SubscriptionOptions;
}

export interface UpstreamOptions extends ConnectionOptions {
  readonly sdl: SdlSource;
}

/** Requirements for graphs that their operator cannot change, and what follows where they are not met. */
export interface AccessOptions extends AccessPolicies {
  /** What happens to an operation with selections that its caller may not have: those are cut, or all of it is refused. */
  readonly denied: "cut" | "reject";
  /** Nothing is denied, and what would have been is reported. */
  readonly dryRun: boolean;
}
