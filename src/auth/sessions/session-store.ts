import { and, count, desc, eq, isNull, max, notInArray, type SQL, sql } from "drizzle-orm";
import { addSeconds, CLOCK_SKEW_SECONDS } from "../../core/clock.ts";
import type { Transaction } from "../../database/database.ts";
import { sessions } from "../../database/tables/sessions.ts";
import { endColumns, isLiveSession, openedSince } from "../revocations/session-ends-store.ts";
import type { Session, SessionEnd, SessionRecord } from "./session-state.ts";

export const sessionColumns = {
  id: sessions.id,
  userId: sessions.userId,
  createdAt: sessions.createdAt,
  lastUsedAt: sessions.lastUsedAt,
  idleExpiresAt: sessions.idleExpiresAt,
  expiresAt: sessions.expiresAt,
  ...endColumns,
  ipAddress: sessions.ipAddress,
  userAgent: sessions.userAgent,
};

const recordColumns = {
  ...sessionColumns,
  familyHash: sessions.familyHash,
  currentHash: sessions.currentHash,
  previousHash: sessions.previousHash,
  rotationNonce: sessions.rotationNonce,
  rotatedAt: sessions.rotatedAt,
  retryHash: sessions.retryHash,
  rotationClient: sessions.rotationClient,
  followedGeneration: sessions.followedGeneration,
  generation: sessions.generation,
  accessExpiresAt: sessions.accessExpiresAt,
};

export type EndedSession = Pick<Session, "id">;

/** What a new row says beside the session. */
export type SessionSecrets = Pick<SessionRecord, "familyHash" | "currentHash" | "accessExpiresAt">;

/** `openedVersion` is that of its user. */
export async function insertSession(
  tx: Transaction,
  session: Session & SessionSecrets & { readonly openedVersion: number },
): Promise<void> {
  await tx.insert(sessions).values(session).prepare("insert_session").execute();
}

/** What a session is found by. */
export type SessionKey = Pick<Session, "userId" | "id">;

function isSession({ userId, id }: SessionKey): SQL | undefined {
  return and(eq(sessions.userId, userId), eq(sessions.id, id));
}

/** Locks the row until the transaction ends; callers are judged in the order in which they get the lock. */
export async function lockSession(tx: Transaction, { userId, id }: SessionKey): Promise<SessionRecord | undefined> {
  const query = tx
    .select(recordColumns)
    .from(sessions)
    .where(and(eq(sessions.userId, sql.placeholder("userId")), eq(sessions.id, sql.placeholder("id"))))
    .for("update")
    .prepare("lock_session");
  return (await query.execute({ userId, id }))[0];
}

export interface RetryNote {
  /** When the access token expires that was issued without a rotation. */
  readonly accessUntil: Date;
  /** Whether a client other than the one that rotated was given the successor, without a proof. */
  readonly isFollower: boolean;
}

/** One update: a second one of the same row would lock its user. */
export async function noteRetry(
  tx: Transaction,
  session: SessionKey & Pick<SessionRecord, "generation">,
  { accessUntil, isFollower }: RetryNote,
): Promise<void> {
  await tx
    .update(sessions)
    .set({
      accessExpiresAt: sql`greatest(${sessions.accessExpiresAt}, ${sql.param(accessUntil, sessions.accessExpiresAt)})`,
      ...(isFollower && { followedGeneration: session.generation }),
    })
    .where(isSession(session));
}

/** Which of a user's sessions. */
export interface SessionsOfUser {
  readonly userId: string;
  /** But these. */
  readonly keepIds: readonly string[];
}

function liveSessions({ userId, keepIds }: SessionsOfUser, now: Date) {
  const notLongExpired = addSeconds(now, -CLOCK_SKEW_SECONDS);
  return and(
    eq(sessions.userId, userId),
    isLiveSession(notLongExpired.toISOString()),
    openedSince(userId),
    keepIds.length === 0 ? undefined : notInArray(sessions.id, [...keepIds]),
  );
}

/** In the order of an index, backwards: so that the first ones are found whatever there are besides. */
const newestFirst = [desc(sessions.endedAt), desc(sessions.openedVersion), desc(sessions.id)] as const;

/** Ends sessions of a user that live, the newest ones, at most `limit`. Whoever rotates one of them meanwhile finds it ended. */
export async function markSessionsOf(tx: Transaction, of: SessionsOfUser, end: SessionEnd, limit: number): Promise<EndedSession[]> {
  // By their keys alone: were the user named once more, all sessions of the user might be walked through for the sake of these.
  const keys = tx
    .select({ userId: sessions.userId, id: sessions.id })
    .from(sessions)
    .where(liveSessions(of, end.endedAt))
    .orderBy(...newestFirst)
    .limit(limit)
    .for("no key update");
  // But where sessions are spread, by whose they are: else every node is asked.
  const ofNode = (await tx.$isSpread()) ? eq(sessions.userId, of.userId) : undefined;
  const isMarked = and(ofNode, sql`(${sessions.userId}, ${sessions.id}) in (${keys})`);
  return await tx.update(sessions).set(end).where(isMarked).returning({ id: sessions.id });
}

/** How many of a user's sessions live; counts no further than `limit`. */
export async function countLiveSessions(tx: Transaction, of: SessionsOfUser, now: Date, limit: number): Promise<number> {
  const some = tx.select({ id: sessions.id }).from(sessions).where(liveSessions(of, now)).limit(limit).as("some");
  const rows = await tx.select({ count: count() }).from(some);
  return rows[0]?.count ?? 0;
}

/**
 * When the last of a user's access tokens expires, less those of sessions that are marked as ended, which are revoked by themselves.
 * Undefined where the user has more sessions than are worth looking at.
 */
export async function lastAccessExpiry(tx: Transaction, userId: string, limit: number): Promise<{ at: Date | null } | undefined> {
  const some = tx
    .select({ accessExpiresAt: sessions.accessExpiresAt })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt)))
    .limit(limit)
    .as("some");
  const [row] = await tx.select({ at: max(some.accessExpiresAt), seen: count() }).from(some);
  return row === undefined || row.seen >= limit ? undefined : { at: row.at };
}

/** For good: no statement sets `ended_at` back, and a session that had ended keeps its reason. */
export async function endSession(tx: Transaction, session: SessionKey, end: SessionEnd): Promise<void> {
  await tx
    .update(sessions)
    .set(end)
    .where(and(isSession(session), isNull(sessions.endedAt)));
}
