import type { Clock } from "../../core/clock.ts";
import { findByIds, isId } from "../../core/ids.ts";
import type { SessionListStore } from "./session-list-store.ts";
import type { Session } from "./session-state.ts";

/** Nobody has as many devices; a script that signs in over and over has, and its list must not fill the memory. */
const MAXIMUM_LISTED_SESSIONS = 1000;

/** What is open for whom. Who may read it is for the caller to know. */
export interface SessionLists {
  /** Live sessions of each user, most recently used first, in the order of the ids; at most 1,000 of each. */
  liveOfUsers(userIds: readonly string[]): Promise<Session[][]>;
  /** One, also when it has ended; undefined also for what is no id at all. */
  find(id: string): Promise<Session | undefined>;
  /** In the order of the ids; undefined as for `find`. */
  findMany(ids: readonly string[]): Promise<(Session | undefined)[]>;
}

export function createSessionLists({ store, clock }: { store: SessionListStore; clock: Clock }): SessionLists {
  return {
    async liveOfUsers(userIds) {
      const sessions = await store.findLiveSessions(userIds, { now: clock(), limit: MAXIMUM_LISTED_SESSIONS });
      return userIds.map((id) => sessions.get(id) ?? []);
    },
    find: async (id) => (isId(id) ? store.findSession(id) : undefined),
    findMany: (ids) => findByIds(ids, store.findSessions),
  };
}
