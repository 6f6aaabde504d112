import type { Fragment } from "postgres";
import type { SessionEndReason } from "../../../core/errors.ts";
import type { Database } from "../../../database/database.ts";
import { endColumnsOf } from "../../revocations/session-ends-store.ts";
import { readSession, type SessionRow, sessionRowColumns } from "../session-row-store.ts";
import type { Session } from "../session-state.ts";

/** A session as it was read; every rotation raises its generation by one. */
export interface SeenSession {
  readonly session: Session;
  readonly generation: number;
}

/** A user, and since when the changes of their sessions may not have been seen. */
export interface WatchSince {
  readonly userId: string;
  readonly since: Date;
}

interface SeenRow extends SessionRow {
  generation: number;
  ended_at: string | null;
  end_reason: SessionEndReason | null;
}

function seenColumns(database: Database) {
  return database.$sql`${sessionRowColumns(database)}, generation, ${endColumnsOf(database)}`;
}

/**
 * So many sessions of a user are looked at, those that were opened last, and as many that ended last: a script that signs in over and over
 * must neither fill the memory nor cost a second of the database's time in each.
 */
const MAXIMUM_WATCHED_SESSIONS = 1000;
const LOOKS_AT_A_TIME = 3;

/** In the order of an index, backwards. */
function newestOpen({ $sql: sql, $tables: tables }: Database, userId: Fragment) {
  return sql`(
      select * from ${tables.sessions} where user_id = ${userId} and ended_at is null
      order by ended_at desc, opened_version desc, id desc limit ${MAXIMUM_WATCHED_SESSIONS}
    ) as sessions`;
}

function lastEnded({ $sql: sql, $tables: tables }: Database, userId: Fragment, since: Fragment) {
  return sql`(
      select * from ${tables.sessions} where user_id = ${userId} and ended_at >= ${since}
        order by ended_at desc limit ${MAXIMUM_WATCHED_SESSIONS}
    ) as sessions`;
}

/**
 * One statement for all users; where sessions are spread, one for each. A session that was opened is one that was used; no index says when,
 * for rotations would have to keep it.
 */
export async function findChangedSessions(database: Database, watched: readonly WatchSince[]): Promise<SeenSession[]> {
  const { $sql: sql } = database;
  if (await database.$isSpread()) return findChangedOneByOne(database, watched);
  const asked = JSON.stringify(watched.map(({ userId, since }) => ({ user_id: userId, since })));
  const rows = await sql<SeenRow[]>`
    select seen.*
    from json_to_recordset(${asked}::text::json) as watched (user_id uuid, since timestamptz)
      cross join lateral ${changesOf(database, sql`watched.user_id`, sql`watched.since`)} as seen`;
  return rows.map(readSeenSession);
}

/** A few at a time: the pool is there for others as well. */
async function findChangedOneByOne(database: Database, watched: readonly WatchSince[]): Promise<SeenSession[]> {
  const found: SeenSession[] = [];
  for (let first = 0; first < watched.length; first += LOOKS_AT_A_TIME) {
    const next = watched.slice(first, first + LOOKS_AT_A_TIME);
    found.push(...(await Promise.all(next.map((one) => findChangedOf(database, one)))).flat());
  }
  return found;
}

async function findChangedOf(database: Database, { userId, since }: WatchSince): Promise<SeenSession[]> {
  const { $sql: sql } = database;
  const changes = changesOf(database, sql`${userId}::uuid`, sql`${since.toISOString()}::timestamptz`);
  return (await sql<SeenRow[]>`select * from ${changes} as seen`).map(readSeenSession);
}

/** Where sessions have ended together, each of them is read: its own row may not say so yet. */
function changesOf(database: Database, userId: Fragment, since: Fragment): Fragment {
  const { $sql: sql, $tables: tables } = database;
  return sql`(
    select changed.*
    from (
        select exists (select 1 from ${tables.sessionEnds} as session_ends where session_ends.user_id = ${userId})
          or exists (select 1 from ${tables.sessionEndsOfEverybody}) as together
      ) as ended
      cross join lateral (
        select ${seenColumns(database)} from ${newestOpen(database, userId)} where last_used_at >= ${since} or ended.together
        union all
        select ${seenColumns(database)} from ${lastEnded(database, userId, since)}
      ) as changed
    where last_used_at >= ${since} or ended_at >= ${since}
  )`;
}

/** Where watching a user begins: what is alive, and what `findChangedSessions` may answer next. */
export async function findSessionsToWatch(database: Database, { userId, since }: WatchSince, now: Date): Promise<SeenSession[]> {
  const { $sql: sql } = database;
  const [user, from, at] = [sql`${userId}::uuid`, sql`${since.toISOString()}::timestamptz`, sql`${now.toISOString()}::timestamptz`];
  const rows = await sql<SeenRow[]>`
    select seen.* from (
      select ${seenColumns(database)} from ${newestOpen(database, user)}
      union all
      select ${seenColumns(database)} from ${lastEnded(database, user, from)}
    ) as seen
    where last_used_at >= ${from} or ended_at >= ${from} or (ended_at is null and idle_expires_at > ${at} and expires_at > ${at})`;
  return rows.map(readSeenSession);
}

function readSeenSession(row: SeenRow): SeenSession {
  const endedAt = row.ended_at === null ? null : new Date(row.ended_at);
  return { session: readSession(row, { endedAt, endReason: row.end_reason }), generation: row.generation };
}
