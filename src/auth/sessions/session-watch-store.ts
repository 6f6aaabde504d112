import type { Database } from "../../database/database.ts";
import type { SessionEndReason } from "../errors.ts";
import type { Session } from "./session-state.ts";

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
    sessions.id, sessions.user_id, generation, created_at, last_used_at, idle_expires_at, expires_at, ended_at, end_reason,
    ip_address, user_agent`;
}

/** One statement for all users. A session that was opened is one that was used; its user is found by an index, its age is not. */
export async function findChangedSessions(database: Database, watched: readonly WatchSince[]): Promise<SeenSession[]> {
  const asked = JSON.stringify(watched.map(({ userId, since }) => ({ user_id: userId, since })));
  const rows = await database.$client<SeenRow[]>`
    select ${seenColumns(database)}
    from json_to_recordset(${asked}::text::json) as watched (user_id uuid, since timestamptz)
      join ${database.$tables.sessions} as sessions on sessions.user_id = watched.user_id
    where last_used_at >= since or ended_at >= since`;
  return rows.map(readSeenSession);
}

/** A script that signs in over and over must not fill the memory: of its sessions the latest are watched, the others once they are used. */
const MAXIMUM_WATCHED_SESSIONS = 1000;

/** Where watching a user begins: what is alive, and what `findChangedSessions` may answer next. */
export async function findSessionsToWatch(database: Database, { userId, since }: WatchSince, now: Date): Promise<SeenSession[]> {
  const rows = await database.$client<SeenRow[]>`
    select ${seenColumns(database)}
    from ${database.$tables.sessions} as sessions
    where user_id = ${userId}
      and (last_used_at >= ${since.toISOString()} or ended_at >= ${since.toISOString()}
        or (ended_at is null and idle_expires_at > ${now.toISOString()} and expires_at > ${now.toISOString()}))
    order by last_used_at desc
    limit ${MAXIMUM_WATCHED_SESSIONS}`;
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
