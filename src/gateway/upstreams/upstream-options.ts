import type { AccessPolicies } from "../../access/requirements/access-policies.ts";

/** The source of an upstream's SDL with applied directives. Introspection carries none: such a graph is guarded by `access` alone. */
export type SdlSource =
  | { readonly file: string }
  /** `_sdl` as @graphql-tools/stitch has it, `_service` as Apollo Federation has it. */
  | { readonly query: "_sdl" | "_service" }
  | { readonly introspection: true };

/** The identity token that tells an upstream about the caller. */
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

/** The options of the connection to one upstream: its address, headers and limits. */
export interface ConnectionOptions {
  readonly name: string;
  readonly url: string;
  /** Client headers that are passed on, in lower case; nothing else is. */
  readonly headers: readonly string[];
  /** The identity token; undefined: the upstream does not learn who is calling. */
  readonly identity: IdentityOptions | undefined;
  /** The time from the first byte sent to the last byte received, retries included. */
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
  /** The treatment of operations with selections that the caller may not have: `cut` removes these, `reject` refuses the whole. */
  readonly denied: "cut" | "reject";
  /** Nothing is denied, and what would have been is reported. */
  readonly dryRun: boolean;
}
