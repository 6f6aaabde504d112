import type { Fragment } from "postgres";
import type { SessionEndReason } from "../../../core/errors.ts";
import type { Database } from "../../../database/database.ts";
import { endColumnsOf } from "../../revocations/session-ends-store.ts";
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

/** Instants arrive as text: Drizzle switches the driver's own date parsing off. */
interface SeenRow {
  id: string;
  user_id: string;
  generation: number;
  created_at: string;
  last_used_at: string;
  idle_expires_at: string;
  expires_at: string;
  ended_at: string | null;
  end_reason: SessionEndReason | null;
  ip_address: string | null;
  user_agent: string | null;
}

function seenColumns(database: Database) {
  return database.$client`
    sessions.id, sessions.user_id, generation, created_at, last_used_at, idle_expires_at, expires_at, ${endColumnsOf(database)},
    ip_address, user_agent`;
}

/**
 * So many sessions of a user are looked at, those that were opened last, and as many that ended last: a script that signs in over and over must
 * neither fill the memory nor cost a second of the database's time in each.
 */
const MAXIMUM_WATCHED_SESSIONS = 1000;

/** In the order of an index, backwards. */
function newestOpen({ $client: client, $tables: tables }: Database, userId: Fragment) {
  return client`(
      select * from ${tables.sessions} where user_id = ${userId} and ended_at is null
      order by ended_at desc, opened_version desc, id desc limit ${MAXIMUM_WATCHED_SESSIONS}
    ) as sessions`;
}

function lastEnded({ $client: client, $tables: tables }: Database, userId: Fragment, since: Fragment) {
  return client`(
      select * from ${tables.sessions} where user_id = ${userId} and ended_at >= ${since} order by ended_at desc limit ${MAXIMUM_WATCHED_SESSIONS}
    ) as sessions`;
}

/** One statement for all users. A session that was opened is one that was used; no index says when, for rotations would have to keep it. */
export async function findChangedSessions(database: Database, watched: readonly WatchSince[]): Promise<SeenSession[]> {
  const { $client: client, $tables: tables } = database;
  const asked = JSON.stringify(watched.map(({ userId, since }) => ({ user_id: userId, since })));
  const [userId, since] = [client`watched.user_id`, client`watched.since`];
  const rows = await client<SeenRow[]>`
    select seen.*
    from json_to_recordset(${asked}::text::json) as watched (user_id uuid, since timestamptz)
      cross join lateral (
        select exists (select from ${tables.sessionEnds} as session_ends where session_ends.user_id = watched.user_id or session_ends.user_id is null) as together
      ) as ended
      cross join lateral (
        select ${seenColumns(database)} from ${newestOpen(database, userId)} where last_used_at >= watched.since or ended.together
        union all
        select ${seenColumns(database)} from ${lastEnded(database, userId, since)}
      ) as seen
    where last_used_at >= watched.since or ended_at >= watched.since`;
  return rows.map(readSeenSession);
}

/** Where watching a user begins: what is alive, and what `findChangedSessions` may answer next. */
export async function findSessionsToWatch(database: Database, { userId, since }: WatchSince, now: Date): Promise<SeenSession[]> {
  const { $client: client } = database;
  const [user, from, at] = [
    client`${userId}::uuid`,
    client`${since.toISOString()}::timestamptz`,
    client`${now.toISOString()}::timestamptz`,
  ];
  const rows = await client<SeenRow[]>`
    select seen.* from (
      select ${seenColumns(database)} from ${newestOpen(database, user)}
      union all
      select ${seenColumns(database)} from ${lastEnded(database, user, from)}
    ) as seen
    where last_used_at >= ${from} or ended_at >= ${from} or (ended_at is null and idle_expires_at > ${at} and expires_at > ${at})`;
  return rows.map(readSeenSession);
}

function readSeenSession(row: SeenRow): SeenSession {
  const session: Session = {
    id: row.id,
    userId: row.user_id,
    createdAt: new Date(row.created_at),
    lastUsedAt: new Date(row.last_used_at),
    idleExpiresAt: new Date(row.idle_expires_at),
    expiresAt: new Date(row.expires_at),
    endedAt: row.ended_at === null ? null : new Date(row.ended_at),
    endReason: row.end_reason,
    ipAddress: row.ip_address,
    userAgent: row.user_agent,
  };
  return { session, generation: row.generation };
}
