import type { Clock } from "../../core/clock.ts";
import type { Anonymous } from "../../core/permissions.ts";
import type { Random } from "../../core/random.ts";
import type { Revocable } from "../revocations/revocation.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { Account } from "../users/account-store.ts";
import type { CustomClaims } from "./custom-claims.ts";
import type { IdentifiedCaller } from "./identified-caller.ts";
import type { SigningKeys } from "./keys/signing-keys.ts";

/** Which of our users the request's access token says is calling. */
export interface Viewer extends IdentifiedCaller, Revocable {
  readonly sessionId: string;
  readonly email: string;
}

/** Of the session that a token is for. */
interface TokenSession {
  readonly id: string;
  readonly expiresAt: Date;
}

export interface AccessTokens {
  /** A JWT by RFC 9068 for one session of an account; it does not outlive the session's absolute end. */
  issue(account: Account, session: TokenSession, custom?: CustomClaims): IssuedAccessToken;
  /** The viewer, or why there is none. A bad token is an answer, never a throw. */
  verify(token: string | undefined): Promise<Viewer | Anonymous>;
}

export interface IssuedAccessToken {
  readonly token: string;
  readonly expiresInSeconds: number;
}

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly ttlSeconds: number;
  /** role → scopes */
  readonly roles: ReadonlyMap<string, readonly string[]>;
}

export interface AccessTokenParts {
  readonly keys: SigningKeys;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly random: Random;
}
