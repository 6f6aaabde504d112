import { type Anonymous, isAnonymous } from "../../core/permissions.ts";
import type { AccessTokens, Viewer } from "./access-tokens.ts";
import type { IdentifiedCaller } from "./identified-caller.ts";
import type { OtherIssuers } from "./other-issuers/other-issuers.ts";

/** Whose access token it is. */
export interface Callers {
  /** One of our users (a `Viewer`), a caller of another issuer, or why nobody. A bad token is an answer, never a throw. */
  identify(token: string | undefined): Promise<IdentifiedCaller | Anonymous>;
}

/** Without other issuers nothing stands between a token and our own verifier. */
export function createCallers({ verify }: Pick<AccessTokens, "verify">, otherIssuers: OtherIssuers | undefined): Callers {
  if (otherIssuers === undefined) return { identify: verify };
  return { identify: (token) => (token === undefined ? undefined : otherIssuers.verify(token)) ?? verify(token) };
}

/** One of our users. */
export function isViewer(caller: IdentifiedCaller): caller is Viewer {
  return "userId" in caller;
}

const ofOtherIssuer: Anonymous = { reason: "foreign_issuer" };

/** The caller as the auth graph sees it: whoever is not one of our users is nobody there, whatever their roles. */
export function viewerOnAuthGraph(caller: IdentifiedCaller | Anonymous): Viewer | Anonymous {
  return isAnonymous(caller) || isViewer(caller) ? caller : ofOtherIssuer;
}
