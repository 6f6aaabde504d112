import type { Database, Transaction } from "../../database/database.ts";
import type { Account, AccountStore } from "../accounts/account-store.ts";
import type { Audit } from "../audit/audit.ts";
import { addSeconds, type Clock } from "../clock.ts";
import type { Origin } from "../origin.ts";
import type { Random } from "../random.ts";
import { createLogout } from "./logout.ts";
import { createRefresh } from "./refresh.ts";
import { formatRefreshToken, hashSecret, SECRET_BYTES } from "./refresh-tokens.ts";
import type { Revocations } from "./revocations.ts";
import type { Session } from "./session-state.ts";
import { insertSession } from "./session-store.ts";

/** A session with the refresh token that its holder is to have. */
export interface HeldSession {
  readonly session: Session;
  readonly account: Account;
  readonly refreshToken: string;
}

export interface Sessions {
  /** Opens a session in the transaction that signs the user in. */
  open(tx: Transaction, account: Account, origin: Origin): Promise<HeldSession>;
  /**
   * Exchanges a refresh token for its successor (RFC 9700, section 4.14.2).
   * Throws INVALID_REFRESH_TOKEN, SESSION_ENDED or REFRESH_TOKEN_REUSED; the last one only after the end is committed.
   */
  refresh(refreshToken: string | undefined, origin: Origin): Promise<HeldSession>;
  /**
   * Ends the session of the refresh token if there is one, else the one that the caller's access token vouches for.
   * The number of ended sessions: 0 where the token is not genuine or the session had ended before.
   */
  logout(of: { refreshToken: string | undefined; sessionId: string | undefined }, origin: Origin): Promise<number>;
}

export interface SessionOptions {
  readonly idleTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly refreshGraceSeconds: number;
}

export interface SessionParts {
  readonly database: Database;
  readonly accounts: AccountStore;
  readonly audit: Audit;
  readonly revocations: Revocations;
  readonly clock: Clock;
  readonly random: Random;
}

export function createSessions(parts: SessionParts, options: SessionOptions): Sessions {
  const { clock, random } = parts;

  async function open(tx: Transaction, account: Account, origin: Origin): Promise<HeldSession> {
    const now = clock();
    const id = random.id(now);
    const token = { sessionId: id, familySecret: random.bytes(SECRET_BYTES), generationSecret: random.bytes(SECRET_BYTES) };
    const session: Session = {
      id,
      userId: account.id,
      createdAt: now,
      lastUsedAt: now,
      idleExpiresAt: addSeconds(now, Math.min(options.idleTtlSeconds, options.maxTtlSeconds)),
      expiresAt: addSeconds(now, options.maxTtlSeconds),
      endedAt: null,
      endReason: null,
      ...origin,
    };
    const hashes = { familyHash: hashSecret(token.familySecret), currentHash: hashSecret(token.generationSecret) };
    await insertSession(tx, { ...session, ...hashes });
    return { session, account, refreshToken: formatRefreshToken(token) };
  }

  return { open, refresh: createRefresh(parts, options), logout: createLogout(parts) };
}
