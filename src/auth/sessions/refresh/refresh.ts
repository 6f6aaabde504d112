import type { ClientInfo } from "../../../core/client-info.ts";
import { addSeconds } from "../../../core/clock.ts";
import { AuthError, type SessionEndReason } from "../../../core/errors.ts";
import type { Transaction } from "../../../database/database.ts";
import { LATE_RETRY_SECONDS, revocationOfSession } from "../../revocations/revocation.ts";
import { formatRefreshToken, hashSecret, SECRET_BYTES, successorOf } from "../../tokens/refresh-tokens.ts";
import { type Account, holdAccount } from "../../users/account-store.ts";
import { describePlace } from "../../users/notices.ts";
import type { UnitOfWork } from "../../work/unit-of-work.ts";
import { type PresentedToken, readPresented } from "../presented-tokens.ts";
import type { Session } from "../session-state.ts";
import { endSession, lockSession, noteRetry } from "../session-store.ts";
import type { IssuedSession, SessionOptions, SessionParts, Sessions } from "../sessions.ts";
import { clientPrintOf } from "./client-prints.ts";
import { judgeRefresh } from "./judge-refresh.ts";
import { answerRetry } from "./retry-store.ts";
import { createRotate, type Rotate } from "./rotate-together.ts";

/** What the locked row says of a token that did not rotate. Returned, not thrown: the transaction must commit. */
type Settled =
  | { readonly kind: "not_genuine" }
  | { readonly kind: "ended"; readonly endReason: SessionEndReason }
  | { readonly kind: "retried"; readonly session: Session; readonly account: Account; readonly nonce: Buffer }
  | { readonly kind: "reused" };

/**
 * Rotate if the token is current; answer the common retry without a lock; decide all else, reuse above all, under it. Most calls come to
 * one of the first two, which are one statement each, its audit event included, and go without `transact`.
 */
export function createRefresh(parts: SessionParts, options: SessionOptions): Sessions["refresh"] {
  const { transact } = parts;
  const rotation = { ...parts, rotateSession: createRotate(parts.database) };

  return async (request, client) => {
    const { token, retryHash } = readPresented(request);
    const asked: Asked = { token, retryHash, client, options, clientPrint: clientPrintOf(client) };
    const rotated = await rotate(rotation, asked);
    if (rotated !== undefined) return rotated;
    const retried = await retryUnlocked(parts, asked);
    if (retried !== undefined) return retried;
    const settled = await transact(client, (unit) => settle(unit, { ...asked, parts }));
    if (settled.kind === "not_genuine") throw new AuthError("INVALID_REFRESH_TOKEN", {});
    if (settled.kind === "ended") throw new AuthError("SESSION_ENDED", { endReason: settled.endReason });
    if (settled.kind === "reused") throw new AuthError("REFRESH_TOKEN_REUSED", {});
    const { session, account, nonce } = settled;
    return { session, account, refreshToken: formatRefreshToken(successorOf(token, nonce)) };
  };
}

interface Asked extends PresentedToken {
  readonly client: ClientInfo;
  readonly options: SessionOptions;
  /** Who presents the token. */
  readonly clientPrint: Buffer;
}

async function rotate(
  { rotateSession, audit, clock, random }: SessionParts & { readonly rotateSession: Rotate },
  { token, retryHash, client, options, clientPrint }: Asked,
): Promise<IssuedSession | undefined> {
  const now = clock();
  const nonce = random.bytes(SECRET_BYTES);
  const successor = successorOf(token, nonce);
  const event = audit.compose({ type: "TOKEN_REFRESHED", sessionId: token.sessionId }, client);
  const rotated = await rotateSession({
    userId: token.userId,
    sessionId: token.sessionId,
    familyHash: hashSecret(token.familySecret),
    presentedHash: hashSecret(token.generationSecret),
    successorHash: hashSecret(successor.generationSecret),
    nonce,
    retryHash: retryHash ?? null,
    client: clientPrint,
    now,
    idleExpiresAt: addSeconds(now, options.idleTtlSeconds),
    accessExpiresAt: addSeconds(now, options.accessTokenTtlSeconds),
    event,
  });
  if (rotated === undefined) return undefined;
  audit.announce({ ...event, userId: rotated.account.id, actorId: rotated.account.id });
  return { session: rotated.session, account: rotated.account, refreshToken: formatRefreshToken(successor) };
}

async function retryUnlocked(
  { database, audit, clock }: SessionParts,
  { token, retryHash, client, options, clientPrint }: Asked,
): Promise<IssuedSession | undefined> {
  const now = clock();
  const event = audit.compose({ type: "REFRESH_REPLAYED", sessionId: token.sessionId }, client);
  const retried = await answerRetry(database, {
    userId: token.userId,
    sessionId: token.sessionId,
    familyHash: hashSecret(token.familySecret),
    presentedHash: hashSecret(token.generationSecret),
    retryHash: retryHash ?? null,
    client: clientPrint,
    now,
    rotatedSince: addSeconds(now, -options.refreshGraceSeconds),
    accessExpiresAt: addSeconds(now, options.accessTokenTtlSeconds - LATE_RETRY_SECONDS),
    event,
  });
  if (retried === undefined) return undefined;
  const { session, account, nonce } = retried;
  audit.announce({ ...event, userId: account.id, actorId: account.id });
  return { session, account, refreshToken: formatRefreshToken(successorOf(token, nonce)) };
}

interface Settling extends Asked {
  readonly parts: SessionParts;
}

async function settle({ tx, record, revoke }: UnitOfWork, { parts, options, client, ...presented }: Settling): Promise<Settled> {
  const { token, clientPrint } = presented;
  const { clock } = parts;
  // Before the session, as everywhere. Until this commits nobody ends all of the user's sessions, which makes the next version.
  const account = await holdAccount(tx, token.userId);
  const session = await lockSession(tx, { userId: token.userId, id: token.sessionId });
  if (account === undefined || session === undefined) return { kind: "not_genuine" };
  const now = clock();
  const verdict = judgeRefresh(session, presented, { now, graceSeconds: options.refreshGraceSeconds, client: clientPrint });
  // Current, and yet it did not rotate: the compare-and-swap found that the user may not sign in.
  if (verdict.kind === "current" || (verdict.kind === "retried" && account.status !== "ACTIVE"))
    return { kind: "ended", endReason: "USER_DISABLED" };
  const about = { userId: session.userId, sessionId: session.id };
  if (verdict.kind === "retried") {
    await noteRetry(tx, session, { accessUntil: addSeconds(now, options.accessTokenTtlSeconds), isFollower: verdict.isFollower });
    await record({ type: "REFRESH_REPLAYED", ...about, actorId: session.userId });
    return { ...verdict, session, account };
  }
  if (verdict.kind !== "reused") return verdict;
  await record({ type: "REFRESH_REUSED", ...about, succeeded: false });
  await endSession(tx, session, { endedAt: now, endReason: "REUSE_DETECTED" });
  await warn(tx, account, { parts, client, at: now });
  await revoke(revocationOfSession(session));
  return { kind: "reused" };
}

/** Somebody has a copy of the token: the owner, or the one who has just used it. */
async function warn(
  tx: Transaction,
  account: Account,
  { parts, client, at }: { parts: SessionParts; client: ClientInfo; at: Date },
): Promise<void> {
  const { notices } = parts;
  if (!notices.isSent("token_reused")) return;
  const facts = { at: at.toISOString(), ...describePlace(client) };
  await notices.tell(tx, account, { template: "token_reused", facts });
}
