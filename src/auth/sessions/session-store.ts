import { and, eq, gt, isNull, max, ne, sql } from "drizzle-orm";
import type { Transaction } from "../../database/database.ts";
import { sessions } from "../../database/tables/sessions.ts";
import { addSeconds } from "../clock.ts";
import type { SessionEndReason } from "../errors.ts";
import type { Session, SessionEnd, SessionRecord } from "./session-state.ts";

export const sessionColumns = {
  id: sessions.id,
  userId: sessions.userId,
  createdAt: sessions.createdAt,
  lastUsedAt: sessions.lastUsedAt,
  idleExpiresAt: sessions.idleExpiresAt,
  expiresAt: sessions.expiresAt,
  endedAt: sessions.endedAt,
  endReason: sql<SessionEndReason | null>`${sessions.endReason}`,
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

/** A session that has just expired by this process's clock may still be refreshed by another's. */
const CLOCK_SKEW_SECONDS = 60;

export type EndedSession = Pick<Session, "id">;

/** What a new row says beside the session. */
export type SessionSecrets = Pick<SessionRecord, "familyHash" | "currentHash" | "accessExpiresAt">;

export async function insertSession(tx: Transaction, session: Session & SessionSecrets): Promise<void> {
  await tx.insert(sessions).values(session).prepare("insert_session").execute();
}

/** Locks the row until the transaction ends; callers are judged in the order in which they get the lock. */
export async function lockSession(tx: Transaction, id: string): Promise<SessionRecord | undefined> {
  const query = tx
    .select(recordColumns)
    .from(sessions)
    .where(eq(sessions.id, sql.placeholder("id")))
    .for("update")
    .prepare("lock_session");
  return (await query.execute({ id }))[0];
}

/** Notes that an access token was issued without a rotation. */
export async function extendAccess(tx: Transaction, id: string, until: Date): Promise<void> {
  await tx
    .update(sessions)
    .set({ accessExpiresAt: sql`greatest(${sessions.accessExpiresAt}, ${sql.param(until, sessions.accessExpiresAt)})` })
    .where(eq(sessions.id, id));
}

/** Notes that a client other than the one that rotated was given the successor, without a proof. */
export async function noteFollower(tx: Transaction, { id, generation }: Pick<SessionRecord, "id" | "generation">): Promise<void> {
  await tx.update(sessions).set({ followedGeneration: generation }).where(eq(sessions.id, id));
}

/** Ends all of a user's sessions that live, but one if it is named. Whoever rotates one of them meanwhile finds it ended. */
export async function endSessionsOf(
  tx: Transaction,
  of: { userId: string; exceptId: string | undefined },
  end: SessionEnd,
): Promise<EndedSession[]> {
  const notLongExpired = addSeconds(end.endedAt, -CLOCK_SKEW_SECONDS);
  const live = and(
    eq(sessions.userId, of.userId),
    isNull(sessions.endedAt),
    gt(sessions.idleExpiresAt, notLongExpired),
    gt(sessions.expiresAt, notLongExpired),
    of.exceptId === undefined ? undefined : ne(sessions.id, of.exceptId),
  );
  return await tx.update(sessions).set(end).where(live).returning({ id: sessions.id });
}

/** When the last of a user's access tokens expires; undefined where there never was a session. */
export async function lastAccessExpiry(tx: Transaction, userId: string): Promise<Date | undefined> {
  const rows = await tx
    .select({ accessExpiresAt: max(sessions.accessExpiresAt) })
    .from(sessions)
    .where(eq(sessions.userId, userId));
  return rows[0]?.accessExpiresAt ?? undefined;
}

/** For good: no statement sets `ended_at` back, and a session that had ended keeps its reason. */
export async function endSession(tx: Transaction, id: string, end: SessionEnd): Promise<void> {
  await tx
    .update(sessions)
    .set(end)
    .where(and(eq(sessions.id, id), isNull(sessions.endedAt)));
}
