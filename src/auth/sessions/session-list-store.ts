import { and, desc, eq, type SQL, sql } from "drizzle-orm";
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
  const ofUser = selectLive(database, sql`${sql.placeholder("userId")}::uuid`).prepare("find_live_sessions_of");
  const live = selectLive(database, sql`wanted.user_id`).as("live");
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
  const keys = database
    .select({ userId: sessions.userId, id: sessions.id })
    .from(sessions)
    .where(sql`${sessions.id} = any(${sql.placeholder("ids")}::uuid[])`)
    .prepare("find_session_keys");

  /** Where sessions are spread: whose they are is asked of every node, and each then of its own. */
  async function findKeys(ids: readonly string[]): Promise<Session[]> {
    const found = await keys.execute({ ids });
    return (await Promise.all(found.map((key) => byKey.execute(key)))).flat();
  }

  return {
    async findLiveSessions(userIds, at) {
      const users = [...new Set(userIds)];
      const limits = { now: at.now.toISOString(), limit: at.limit };
      if (await database.$isSpread()) {
        const lists = await Promise.all(users.map((userId) => ofUser.execute({ userId, ...limits })));
        return groupBy(lists.flat(), ({ userId }) => userId);
      }
      const rows = await liveOfUsers.execute({ userIds: users, ...limits });
      const found = rows.map(({ session }) => session);
      return groupBy(found, ({ userId }) => userId);
    },
    async findSession(id) {
      if (!(await database.$isSpread())) return (await byId.execute({ id }))[0];
      return (await findKeys([id]))[0];
    },
    findSessionOf: async ({ userId, id }) => (await byKey.execute({ userId, id }))[0],
    findSessions: async (ids) => ((await database.$isSpread()) ? findKeys(ids) : byIds.execute({ ids })),
  };
}

/** Bounded first: whoever had any number of sessions before there was a limit must not have all of them read for a list. */
function selectLive(database: Database, userId: SQL) {
  const newest = database
    .select({ ...sessionColumns, endedAt: sessionColumns.endedAt.as("ended_at"), endReason: sessionColumns.endReason.as("end_reason") })
    .from(sessions)
    .where(and(sql`${sessions.userId} = ${userId}`, isLiveSession(sql`${sql.placeholder("now")}`), openedSince(userId)))
    .orderBy(desc(sessions.endedAt), desc(sessions.openedVersion), desc(sessions.id))
    .limit(MAXIMUM_LOOKED_AT)
    .as("newest");
  return database
    .select(newest._.selectedFields)
    .from(newest)
    .orderBy(desc(newest.lastUsedAt), desc(newest.id))
    .limit(sql.placeholder("limit"));
}
