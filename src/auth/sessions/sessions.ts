import type { Database, Transaction } from "../../database/database.ts";
import type { Account, AccountStore } from "../accounts/account-store.ts";
import type { Audit, Recorder } from "../audit/audit.ts";
import { addSeconds, type Clock } from "../clock.ts";
import { AuthError, type SessionEndReason } from "../errors.ts";
import type { Origin } from "../origin.ts";
import type { Random } from "../random.ts";
import { formatRefreshToken, hashSecret, parseRefreshToken, type RefreshToken, secretFits, successorOf } from "./refresh-tokens.ts";
import type { Revocation, Revocations } from "./revocations.ts";
import { rotateSession } from "./rotation-store.ts";
import { endOf, judgeRefresh, type Session, type SessionRecord } from "./session-state.ts";
import { endSession, insertSession, lockSession } from "./session-store.ts";

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

const SECRET_BYTES = 32;

/** What the locked row says of a refresh that lost the compare-and-swap. Returned, not thrown: the transaction must commit. */
type Settled =
  | { readonly kind: "not_genuine" }
  | { readonly kind: "ended"; readonly endReason: SessionEndReason }
  | { readonly kind: "replayed"; readonly session: Session; readonly nonce: Buffer }
  | { readonly kind: "reused"; readonly revocation: Revocation };

export function createSessions(parts: SessionParts, options: SessionOptions): Sessions {
  const { database, accounts, audit, revocations, clock, random } = parts;

  async function rotate(token: RefreshToken, origin: Origin): Promise<HeldSession | undefined> {
    const now = clock();
    const nonce = random.bytes(SECRET_BYTES);
    const successor = successorOf(token, nonce);
    const event = audit.compose({ type: "TOKEN_REFRESHED", sessionId: token.sessionId }, origin);
    const rotated = await rotateSession(database, {
      sessionId: token.sessionId,
      familyHash: hashSecret(token.familySecret),
      presentedHash: hashSecret(token.generationSecret),
      successorHash: hashSecret(successor.generationSecret),
      nonce,
      now,
      idleExpiresAt: addSeconds(now, options.idleTtlSeconds),
      event,
    });
    if (rotated === undefined) return undefined;
    audit.announce({ ...event, userId: rotated.account.id, actorId: rotated.account.id });
    return { ...rotated, refreshToken: formatRefreshToken(successor) };
  }

  async function settle(tx: Transaction, record: Recorder, token: RefreshToken): Promise<Settled> {
    const session = await lockSession(tx, token.sessionId);
    if (session === undefined) return { kind: "not_genuine" };
    const verdict = judgeRefresh(session, token, { now: clock(), graceSeconds: options.refreshGraceSeconds });
    // Current, and yet no rotation: the compare-and-swap found that the user may not sign in.
    if (verdict.kind === "current") return { kind: "ended", endReason: "USER_DISABLED" };
    const about = { userId: session.userId, sessionId: session.id };
    if (verdict.kind === "replayed") {
      await record({ type: "REFRESH_REPLAYED", ...about, actorId: session.userId });
      return { ...verdict, session };
    }
    if (verdict.kind !== "reused") return verdict;
    await record({ type: "REFRESH_REUSED", ...about, succeeded: false });
    return { kind: "reused", revocation: await end(tx, session, "REUSE_DETECTED") };
  }

  async function end(tx: Transaction, session: Session, endReason: SessionEndReason): Promise<Revocation> {
    await endSession(tx, session.id, { endedAt: clock(), endReason });
    return revocations.revokeSession(tx, session.id);
  }

  async function replay(settled: Settled & { kind: "replayed" }, token: RefreshToken): Promise<HeldSession> {
    const account = await accounts.findAccount(settled.session.userId);
    if (account?.status !== "ACTIVE") throw new AuthError("SESSION_ENDED", { endReason: "USER_DISABLED" });
    const refreshToken = formatRefreshToken(successorOf(token, settled.nonce));
    return { session: settled.session, account, refreshToken };
  }

  async function endOnRequest(sessionId: string, origin: Origin, isAllowed: (session: SessionRecord) => boolean): Promise<number> {
    const revocation = await audit.transaction(origin, async (tx, record) => {
      const session = await lockSession(tx, sessionId);
      if (session === undefined || !isAllowed(session) || endOf(session, clock()) !== undefined) return undefined;
      await record({ type: "LOGOUT", userId: session.userId, actorId: session.userId, sessionId });
      return end(tx, session, "LOGOUT");
    });
    if (revocation === undefined) return 0;
    revocations.apply(revocation);
    return 1;
  }

  return {
    async open(tx, account, origin) {
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
    },
    async refresh(refreshToken, origin) {
      const token = refreshToken === undefined ? undefined : parseRefreshToken(refreshToken);
      if (token === undefined) throw new AuthError("INVALID_REFRESH_TOKEN", {});
      const rotated = await rotate(token, origin);
      if (rotated !== undefined) return rotated;
      const settled = await audit.transaction(origin, (tx, record) => settle(tx, record, token));
      if (settled.kind === "not_genuine") throw new AuthError("INVALID_REFRESH_TOKEN", {});
      if (settled.kind === "ended") throw new AuthError("SESSION_ENDED", { endReason: settled.endReason });
      if (settled.kind === "replayed") return replay(settled, token);
      revocations.apply(settled.revocation);
      throw new AuthError("REFRESH_TOKEN_REUSED", {});
    },
    async logout({ refreshToken, sessionId }, origin) {
      if (refreshToken === undefined) return sessionId === undefined ? 0 : endOnRequest(sessionId, origin, () => true);
      const token = parseRefreshToken(refreshToken);
      if (token === undefined) return 0;
      return endOnRequest(token.sessionId, origin, (session) => secretFits(token.familySecret, session.familyHash));
    },
  };
}
