import { and, eq, inArray, type SQL, sql } from "drizzle-orm";
import { CLOCK_SKEW_SECONDS } from "../../core/clock.ts";
import type { SessionEndReason } from "../../core/errors.ts";
import type { Statements, Transaction } from "../../database/database.ts";
import type { DriverPiece, SqlTag } from "../../database/sql-tag.ts";
import { sessionEnds } from "../../database/tables/session-ends.ts";
import { sessionEndsOfEverybody } from "../../database/tables/session-ends-of-everybody.ts";
import { sessions } from "../../database/tables/sessions.ts";

/*
 * A session lives while neither its own row nor one that ended many says otherwise, and its time is not up. Each statement that decides
 * whether one lives says so by the conditions below, of `sessions`: one text, for the driver and for Drizzle.
 */

/** The tables of rows that end many sessions: of one user, and of everybody. */
interface EndTables<Piece> {
  readonly ofUser: Piece;
  readonly ofEverybody: Piece;
}

const drizzleTables: EndTables<SQL> = { ofUser: sql`${sessionEnds}`, ofEverybody: sql`${sessionEndsOfEverybody}` };

function driverTables({ $tables: tables }: Statements): EndTables<DriverPiece> {
  return { ofUser: tables.sessionEnds, ofEverybody: tables.sessionEndsOfEverybody };
}

function notEnded<Piece>(tag: SqlTag<Piece>, { ofUser, ofEverybody }: EndTables<Piece>): Piece {
  return tag`(
    sessions.ended_at is null
    and not exists (
      select 1 from ${ofUser} as ends where ends.user_id = sessions.user_id and ends.opened_below > sessions.opened_version)
    and not exists (select 1 from ${ofEverybody} as ends where ends.id_below > sessions.id))`;
}

/** Whether no row says that a session has ended, in a statement of Drizzle's; its time may be up. */
export const isNotEndedSession = notEnded<SQL>(sql, drizzleTables);

function liveAt<Piece>(tag: SqlTag<Piece>, tables: EndTables<Piece>, now: Piece | string): Piece {
  return tag`(${notEnded(tag, tables)} and sessions.idle_expires_at > ${now} and sessions.expires_at > ${now})`;
}

/** Whether a session lives at an instant, in a statement of the driver's. */
export function isLive(statements: Statements, now: DriverPiece | string): DriverPiece {
  return liveAt<DriverPiece>(statements.$sql, driverTables(statements), now);
}

/** Whether a session lives at an instant, in a statement of Drizzle's. */
export function isLiveSession(now: SQL | string): SQL {
  return liveAt<SQL>(sql, drizzleTables, now);
}

/** Below it nothing of a user lives any more: what leads an index past all the sessions that one row has ended. */
export function openedSince(userId: SQL | string): SQL {
  return sql`sessions.opened_version >=
    coalesce((select max(session_ends.opened_below) from ${sessionEnds} where session_ends.user_id = ${userId}), 0)`;
}

/**
 * What the first row that ended a session says of it; not where it had expired long before. One that has just expired by this process's
 * clock may still be refreshed by another's.
 */
function firstEnd<Piece>(tag: SqlTag<Piece>, { ofUser, ofEverybody }: EndTables<Piece>, column: Piece): Piece {
  return tag`(
    select ${column} from (
      select ended_at, end_reason, opened_below from ${ofUser} as ends
      where ends.user_id = sessions.user_id and ends.opened_below > sessions.opened_version
      union all
      select ended_at, end_reason, null from ${ofEverybody} as ends where ends.id_below > sessions.id
    ) as ends
    where ends.ended_at < least(sessions.idle_expires_at, sessions.expires_at) + ${CLOCK_SKEW_SECONDS} * interval '1 second'
    order by ends.ended_at, ends.opened_below limit 1)`;
}

function firstEnds<Piece>(tag: SqlTag<Piece>, tables: EndTables<Piece>): { endedAt: Piece; endReason: Piece } {
  return {
    endedAt: tag`coalesce(sessions.ended_at, ${firstEnd(tag, tables, tag`ends.ended_at`)})`,
    endReason: tag`coalesce(sessions.end_reason, ${firstEnd(tag, tables, tag`ends.end_reason`)})`,
  };
}

const drizzled = firstEnds<SQL>(sql, drizzleTables);

/** When and why a session ended, by its own row or by the one that ended it with others. */
export const endColumns = {
  endedAt: sql<Date | null>`${drizzled.endedAt}`.mapWith(sessions.endedAt),
  endReason: sql<SessionEndReason | null>`${drizzled.endReason}`,
};

/** The same in a statement of the driver's, for `sessions`. */
export function endColumnsOf(statements: Statements): DriverPiece {
  const { $sql } = statements;
  const { endedAt, endReason } = firstEnds<DriverPiece>($sql, driverTables(statements));
  return $sql`${endedAt} as ended_at, ${endReason} as end_reason`;
}

export interface NewSessionEnd {
  readonly id: string;
  readonly endedAt: Date;
  readonly endReason: SessionEndReason;
  /** Null for an operator at the command line. */
  readonly actorId: string | null;
}

/** Ends what is left of one user's sessions that were opened below a version, but those that are kept: they count as opened at it. */
export async function endSessionsBelow(
  tx: Transaction,
  of: { userId: string; version: number; keepIds: readonly string[] },
  end: NewSessionEnd,
): Promise<void> {
  const { userId, version, keepIds } = of;
  if (keepIds.length > 0) {
    await tx
      .update(sessions)
      .set({ openedVersion: version })
      .where(and(eq(sessions.userId, userId), inArray(sessions.id, [...keepIds])));
  }
  await tx.insert(sessionEnds).values({ ...end, userId, openedBelow: version });
}
