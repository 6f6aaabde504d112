import { isAnonymous } from "../../auth/permissions.ts";
import type { IdentityTarget, IdentityTokens } from "../../auth/tokens/identity-tokens.ts";
import type { Visitor } from "../../auth/tokens/visitor.ts";
import type { RequestContext } from "../../graphql/context.ts";
import type { ConnectionOptions } from "./upstream-options.ts";

/** The header with the token that says who is calling; nobody but the gateway sets it. */
const IDENTITY_HEADER = "gateway-identity";

/** What of a request upstreams are told. */
export type UpstreamContext = Pick<RequestContext, "visitor" | "clientHeaders" | "requestId">;

export type UpstreamHeaders = (context: UpstreamContext) => Record<string, string>;

/**
 * The headers of a call to an upstream: those of the client that are configured, so that no copy of the identity header can be among
 * them, and the identity that the gateway signs. Callers without one are anonymous there, too.
 */
export function createUpstreamHeaders(
  { headers, identity }: Pick<ConnectionOptions, "headers" | "identity">,
  createIdentityTokens: () => IdentityTokens,
): UpstreamHeaders {
  const tell = identity && tellIdentity(identity, createIdentityTokens());
  return ({ visitor, clientHeaders, requestId }) => {
    const sent: Record<string, string> = {};
    for (const name of headers) {
      // Ours, not the client's: it is what our log has.
      const value = name === "x-request-id" ? requestId : clientHeaders[name];
      if (typeof value === "string") sent[name] = value;
    }
    if (tell !== undefined && !isAnonymous(visitor)) sent[IDENTITY_HEADER] = tell(visitor);
    return sent;
  };
}

function tellIdentity(target: IdentityTarget, tokens: IdentityTokens): (visitor: Visitor) => string {
  return (visitor) => tokens.issue(visitor, target);
}
