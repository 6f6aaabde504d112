import { and, desc, eq, sql } from "drizzle-orm";
import { groupBy } from "../../core/group-by.ts";
import type { Database } from "../../database/database.ts";
import { sessions } from "../../database/tables/sessions.ts";
import { isLiveSession, openedSince } from "../revocations/session-ends-store.ts";
import type { Session } from "./session-state.ts";
import { type SessionKey, sessionColumns } from "./session-store.ts";

export interface SessionListStore {
  /** Those that live at that instant, most recently used first, at most `limit` of each user, by user. */
  findLiveSessions(userIds: readonly string[], at: { now: Date; limit: number }): Promise<Map<string, Session[]>>;
  findSession(id: string): Promise<Session | undefined>;
  findSessionOf(key: SessionKey): Promise<Session | undefined>;
  /** Those that exist, in no order. */
  findSessions(ids: readonly string[]): Promise<Session[]>;
}

/** Of each user, the latest that were opened. */
const MAXIMUM_LOOKED_AT = 10_000;

export function createSessionListStore(database: Database): SessionListStore {
  // Bounded first: whoever had any number of sessions before there was a limit must not have all of them read for a list.
  const newest = database
    .select({ ...sessionColumns, endedAt: sessionColumns.endedAt.as("ended_at"), endReason: sessionColumns.endReason.as("end_reason") })
    .from(sessions)
    .where(and(sql`${sessions.userId} = wanted.user_id`, isLiveSession(sql`${sql.placeholder("now")}`), openedSince(sql`wanted.user_id`)))
    .orderBy(desc(sessions.endedAt), desc(sessions.openedVersion), desc(sessions.id))
    .limit(MAXIMUM_LOOKED_AT)
    .as("newest");
  const live = database
    .select(newest._.selectedFields)
    .from(newest)
    .orderBy(desc(newest.lastUsedAt), desc(newest.id))
    .limit(sql.placeholder("limit"))
    .as("live");
  const liveOfUsers = database
    .select({ session: live._.selectedFields })
    .from(sql`unnest(${sql.placeholder("userIds")}::uuid[]) as wanted (user_id)`)
    .crossJoinLateral(live)
    .orderBy(desc(live.lastUsedAt), desc(live.id))
    .prepare("find_live_sessions");
  const byId = database
    .select(sessionColumns)
    .from(sessions)
    .where(eq(sessions.id, sql.placeholder("id")))
    .prepare("find_session");
  const byKey = database
    .select(sessionColumns)
    .from(sessions)
    .where(and(eq(sessions.userId, sql.placeholder("userId")), eq(sessions.id, sql.placeholder("id"))))
    .prepare("find_session_of");
  const byIds = database
    .select(sessionColumns)
    .from(sessions)
    .where(sql`${sessions.id} = any(${sql.placeholder("ids")}::uuid[])`)
    .prepare("find_sessions");
  return {
    async findLiveSessions(userIds, at) {
      const rows = await liveOfUsers.execute({ userIds: [...new Set(userIds)], now: at.now.toISOString(), limit: at.limit });
      const found = rows.map(({ session }) => session);
      return groupBy(found, ({ userId }) => userId);
    },
    findSession: async (id) => (await byId.execute({ id }))[0],
    findSessionOf: async ({ userId, id }) => (await byKey.execute({ userId, id }))[0],
    findSessions: async (ids) => await byIds.execute({ ids }),
  };
}
