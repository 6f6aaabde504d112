import type { IdentityTokens } from "../../auth/tokens/identity-tokens.ts";
import { isAnonymous } from "../../core/permissions.ts";
import type { RequestContext } from "../../graphql/context.ts";
import type { ConnectionOptions, IdentityOptions } from "./upstream-options.ts";

/** The header with the token that says who is calling; nobody but the gateway sets it. */
const IDENTITY_HEADER = "gateway-identity";

/** What the headers for upstreams are made of. */
export type UpstreamContext = Pick<RequestContext, "caller" | "accessToken" | "clientHeaders" | "requestId">;

export type UpstreamHeaders = (context: UpstreamContext) => Record<string, string>;

/**
 * The headers of a call to an upstream: those of the client that are configured, so that no copy of the identity header can be among
 * them, and the identity that the gateway signs. Callers without one are anonymous there, too. `authorization` is the token that made the
 * caller, or nothing.
 */
export function createUpstreamHeaders(
  { headers, identity }: Pick<ConnectionOptions, "headers" | "identity">,
  createIdentityTokens: () => IdentityTokens,
): UpstreamHeaders {
  const issueIdentity = identity && createIdentityIssuer(identity, createIdentityTokens());
  return (context) => {
    const { caller } = context;
    const sent: Record<string, string> = {};
    for (const name of headers) {
      const value = headerOf(name, context);
      if (typeof value === "string") sent[name] = value;
    }
    const token = issueIdentity?.(caller);
    if (token !== undefined) sent[IDENTITY_HEADER] = token;
    return sent;
  };
}

function headerOf(name: string, { caller, accessToken, clientHeaders, requestId }: UpstreamContext) {
  // Ours, not the client's: it is what our log has.
  if (name === "x-request-id") return requestId;
  if (name !== "authorization") return clientHeaders[name];
  // What the client sent may have been refused here, or, on a WebSocket, be another caller's.
  return isAnonymous(caller) || accessToken === undefined ? undefined : `Bearer ${accessToken}`;
}

function createIdentityIssuer(target: IdentityOptions, tokens: IdentityTokens): (caller: UpstreamContext["caller"]) => string | undefined {
  return (caller) => {
    if (!isAnonymous(caller)) return tokens.issue(caller, target);
    return target.anonymous === true ? tokens.issueAnonymous(target) : undefined;
  };
}
