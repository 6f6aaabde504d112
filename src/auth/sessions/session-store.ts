import { and, eq, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../../database/database.ts";
import { sessions } from "../../database/tables/sessions.ts";
import type { SessionEndReason } from "../errors.ts";
import type { Session, SessionEnd, SessionRecord } from "./session-state.ts";

const sessionColumns = {
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
  accessExpiresAt: sessions.accessExpiresAt,
};

type NewSession = Session & Pick<SessionRecord, "familyHash" | "currentHash" | "accessExpiresAt">;

export async function insertSession(tx: Transaction, session: NewSession): Promise<void> {
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

/** For good: no statement sets `ended_at` back, and a session that had ended keeps its reason. */
export async function endSession(tx: Transaction, id: string, end: SessionEnd): Promise<void> {
  await tx
    .update(sessions)
    .set(end)
    .where(and(eq(sessions.id, id), isNull(sessions.endedAt)));
}
