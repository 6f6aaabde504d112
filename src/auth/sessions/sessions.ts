import type { ClientInfo } from "../../core/client-info.ts";
import type { Clock } from "../../core/clock.ts";
import type { Random } from "../../core/random.ts";
import type { Database, Transaction } from "../../database/database.ts";
import type { Audit } from "../audit/audit.ts";
import type { Revocable } from "../revocations/revocation.ts";
import type { AskForClaims, CustomClaims } from "../tokens/custom-claims.ts";
import type { Account, AccountWithPassword } from "../users/account-store.ts";
import type { Notices } from "../users/notices.ts";
import type { Transact } from "../work/unit-of-work.ts";
import type { EndSessions } from "./ending/end-sessions.ts";
import type { RefreshRequest } from "./presented-tokens.ts";
import type { Session } from "./session-state.ts";

/** A session with the refresh token that its holder is to have. */
export interface IssuedSession {
  readonly session: Session;
  readonly account: Account;
  readonly refreshToken: string;
  /** For its access token; absent where the operator adds none. */
  readonly customClaims?: CustomClaims | undefined;
}

export interface Sessions {
  /** Opens a session in the transaction that registers the user. */
  open(tx: Transaction, account: Account, client: ClientInfo): Promise<IssuedSession>;
  /** Opens a session for whoever has given the right password. Undefined where that is no longer the user's, or the user is disabled. */
  signIn(verified: AccountWithPassword, client: ClientInfo): Promise<IssuedSession | undefined>;
  /**
   * Exchanges a refresh token for its successor (RFC 9700, section 4.14.2).
   * Throws BAD_USER_INPUT, INVALID_REFRESH_TOKEN, SESSION_ENDED or REFRESH_TOKEN_REUSED; the last one only after the end is committed.
   */
  refresh(request: RefreshRequest, client: ClientInfo): Promise<IssuedSession>;
  /**
   * Ends the session of the refresh token if there is one, else the one that the caller's access token vouches for.
   * The number of ended sessions: 0 where the token is not genuine or the session had ended before.
   */
  logout(of: { refreshToken: string | undefined; viewer: Revocable | undefined }, client: ClientInfo): Promise<number>;
  /** Ends one of the viewer's own sessions; one that had ended before stays as it was. Throws NOT_FOUND for any other. */
  revoke(sessionId: string, viewer: Revocable, client: ClientInfo): Promise<Session>;
  /** Ends every session of the viewer, and refuses all their access tokens. The number of ended sessions. */
  logoutAll(viewer: Revocable, client: ClientInfo): Promise<number>;
}

export interface SessionOptions {
  readonly idleTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly refreshGraceSeconds: number;
  readonly accessTokenTtlSeconds: number;
}

/** The parts from which the factories of this room are made. */
export interface SessionParts {
  readonly database: Database;
  readonly transact: Transact;
  /** For login and refresh, whose statements write their own entry. */
  readonly audit: Pick<Audit, "compose" | "newsOf" | "announce">;
  readonly endSessions: EndSessions;
  readonly notices: Notices;
  readonly askForClaims: AskForClaims;
  readonly clock: Clock;
  readonly random: Random;
}
