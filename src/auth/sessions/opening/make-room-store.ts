import { and, desc, eq, inArray, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../../../database/database.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { isNotEndedSession, openedSince } from "../../revocations/session-ends-store.ts";

/** A session whose own row does not say that it has ended. */
export interface OpenSession {
  readonly id: string;
  readonly userId: string;
  readonly lastUsedAt: Date;
  /** When its time is up. */
  readonly endsAt: Date;
  readonly accessExpiresAt: Date;
  /** By a row that ended many. */
  readonly hasEnded: boolean;
}

/** The latest that were opened, at most `limit`, past those that one row has ended. */
export async function findOpenSessions(tx: Transaction, userId: string, limit: number): Promise<OpenSession[]> {
  return await tx
    .select({
      id: sessions.id,
      userId: sessions.userId,
      lastUsedAt: sessions.lastUsedAt,
      endsAt: sql<Date>`least(sessions.idle_expires_at, sessions.expires_at)`.mapWith(sessions.expiresAt),
      accessExpiresAt: sessions.accessExpiresAt,
      hasEnded: sql<boolean>`not ${isNotEndedSession}`,
    })
    .from(sessions)
    .where(and(eq(sessions.userId, userId), isNull(sessions.endedAt), openedSince(userId)))
    .orderBy(desc(sessions.endedAt), desc(sessions.openedVersion), desc(sessions.id))
    .limit(limit);
}

/** Of one user, so that they are not looked at again at each sign-in. They had ended before: nobody is told. */
export async function markExpiredSessions(tx: Transaction, open: readonly OpenSession[], before: Date): Promise<void> {
  const expired = open.filter(({ endsAt, hasEnded }) => endsAt < before && !hasEnded);
  const [first] = expired;
  if (first === undefined) return;
  const ids = expired.map(({ id }) => id);
  await tx
    .update(sessions)
    .set({ endedAt: sql`least(${sessions.idleExpiresAt}, ${sessions.expiresAt})`, endReason: "EXPIRED" })
    .where(and(eq(sessions.userId, first.userId), inArray(sessions.id, ids), isNull(sessions.endedAt)));
}
