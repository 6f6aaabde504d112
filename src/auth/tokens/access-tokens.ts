import type { Account } from "../accounts/account-store.ts";
import type { Clock } from "../clock.ts";
import type { Anonymous } from "../permissions.ts";
import type { Random } from "../random.ts";
import type { Revocable } from "../revocations/revocation.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { Session } from "../sessions/session-state.ts";
import type { CustomClaims } from "./custom-claims.ts";
import type { SigningKeys } from "./signing-keys.ts";
import type { Visitor } from "./visitor.ts";

/** Which of our users the request's access token says is calling. */
export interface Viewer extends Visitor, Revocable {
  readonly sessionId: string;
  readonly email: string;
}

export interface AccessTokens {
  /** A JWT by RFC 9068 for one session of an account; it does not outlive the session's absolute end. */
  issue(account: Account, session: Pick<Session, "id" | "expiresAt">, custom?: CustomClaims): IssuedAccessToken;
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
