import { and, desc, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../../database/database.ts";
import { sessions } from "../../database/tables/sessions.ts";
import { groupBy } from "../group-by.ts";
import type { Session } from "./session-state.ts";
import { sessionColumns } from "./session-store.ts";

export interface SessionListStore {
  /** Those that live at that instant, most recently used first, at most `limit` of each user, by user. */
  findLiveSessions(userIds: readonly string[], at: { now: Date; limit: number }): Promise<Map<string, Session[]>>;
  findSession(id: string): Promise<Session | undefined>;
  /** Those that exist, in no order. */
  findSessions(ids: readonly string[]): Promise<Session[]>;
}

export function createSessionListStore(database: Database): SessionListStore {
  const now = sql.placeholder("now");
  const live = database
    .select({ ...sessionColumns, endReason: sessionColumns.endReason.as("end_reason") })
    .from(sessions)
    .where(
      and(
        sql`${sessions.userId} = wanted.user_id`,
        isNull(sessions.endedAt),
        sql`${sessions.idleExpiresAt} > ${now}`,
        sql`${sessions.expiresAt} > ${now}`,
      ),
    )
    .orderBy(desc(sessions.lastUsedAt), desc(sessions.id))
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
    findSessions: async (ids) => await byIds.execute({ ids }),
  };
}
