import { and, asc, gte, inArray, isNull, sql } from "drizzle-orm";
import type { Transaction } from "../../../database/database.ts";
import { sessionEndsOfEverybody } from "../../../database/tables/session-ends-of-everybody.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import type { NewSessionEnd } from "../../revocations/session-ends-store.ts";
import type { SessionEnd, SessionRecord } from "../session-state.ts";
import type { SessionKey } from "../session-store.ts";

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
export async function markSessionsFrom(tx: Transaction, firstId: string, end: SessionEnd, limit: number): Promise<MarkedSession[]> {
  for (;;) {
    const next = await selectNext(tx, firstId, limit);
    if (next.length === 0) return [];
    const marked = await markThose(tx, next, end);
    // None, where all of them have ended meanwhile: then others may be next.
    if (marked.length > 0) return marked;
  }
}

type MarkedSession = Pick<SessionRecord, "id" | "userId" | "accessExpiresAt">;

/** Locked: one that ends meanwhile is passed over, and the next takes its place. But not where sessions are spread over several nodes. */
async function selectNext(tx: Transaction, firstId: string, limit: number): Promise<SessionKey[]> {
  const isOpen = and(gte(sessions.id, firstId), isNull(sessions.endedAt));
  const keys = { userId: sessions.userId, id: sessions.id };
  const next = tx.select(keys).from(sessions).where(isOpen).orderBy(asc(sessions.id)).limit(limit);
  return (await tx.$isSpread()) ? await next : await next.for("update");
}

async function markThose(tx: Transaction, keys: readonly SessionKey[], end: SessionEnd): Promise<MarkedSession[]> {
  const ids = inArray(
    sessions.id,
    keys.map(({ id }) => id),
  );
  const users = inArray(
    sessions.userId,
    keys.map(({ userId }) => userId),
  );
  return await tx
    .update(sessions)
    .set(end)
    .where(and(users, ids, isNull(sessions.endedAt)))
    .returning({ id: sessions.id, userId: sessions.userId, accessExpiresAt: sessions.accessExpiresAt });
}
