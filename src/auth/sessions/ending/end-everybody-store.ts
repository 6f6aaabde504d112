import { and, asc, gte, inArray, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../../../database/database.ts";
import { sessionEndsOfEverybody } from "../../../database/tables/session-ends-of-everybody.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import type { NewSessionEnd } from "../../revocations/session-ends-store.ts";
import type { SessionEnd, SessionRecord } from "../session-state.ts";

/** The clock that all servers of an installation share, whatever the machine of an operator shows. */
export async function readDatabaseClock(tx: Transaction): Promise<Date> {
  const [row] = await tx.execute<{ milliseconds: string }>(
    sql`select floor(extract(epoch from clock_timestamp()) * 1000)::text as milliseconds`,
  );
  if (row === undefined) throw new Error("PostgreSQL did not tell the time.");
  return new Date(Number(row.milliseconds));
}

export async function endSessionsOfEverybody(tx: Transaction, idBelow: string, end: NewSessionEnd): Promise<void> {
  await tx.insert(sessionEndsOfEverybody).values({ ...end, idBelow });
}

/** Ends the next sessions with an id as high as this, whoever has them; none, where there are none left. */
export async function markSessionsFrom(
  tx: Transaction,
  firstId: string,
  end: SessionEnd,
  limit: number,
): Promise<Pick<SessionRecord, "id" | "userId" | "accessExpiresAt">[]> {
  const isOpen = and(gte(sessions.id, firstId), isNull(sessions.endedAt));
  // Locked first: one that ends meanwhile is passed over, and the next takes its place.
  const next = await tx.select({ id: sessions.id }).from(sessions).where(isOpen).orderBy(asc(sessions.id)).limit(limit).for("update");
  if (next.length === 0) return [];
  const ids = next.map(({ id }) => id);
  return await tx
    .update(sessions)
    .set(end)
    .where(and(inArray(sessions.id, ids), isNull(sessions.endedAt)))
    .returning({ id: sessions.id, userId: sessions.userId, accessExpiresAt: sessions.accessExpiresAt });
}
