import { NIL as FIRST_ID } from "uuid";
import { noClient } from "../../core/client-info.ts";
import { addSeconds } from "../../core/clock.ts";
import { firstIdAt } from "../../core/first-id-at.ts";
import type { Random } from "../../core/random.ts";
import type { Database } from "../../database/database.ts";
import { LONGEST_ACCESS_TOKEN_SECONDS, revocationOfEverybody, revocationOfSession } from "../revocations/revocation.ts";
import { endSessionsOfEverybody, markSessionsFrom, readDatabaseClock } from "../sessions/ending/end-everybody-store.ts";
import type { EndSessions } from "../sessions/ending/end-sessions.ts";
import { changeAccount, lockAccount } from "../users/account-store.ts";
import { findUsersWithRole } from "../users/admin-store.ts";
import type { Transact, UnitOfWork } from "../work/unit-of-work.ts";
import type { DecidedBy } from "./new-admin.ts";

/** Signs out many users at once: by whoever runs the server, after a leak or a restored backup. */
export interface EndEverybody {
  /**
   * Ends every session that was opened before it by the database's clock, or by the server's that opened it, and refuses all access tokens.
   * Takes the same time however many there are.
   */
  endAll(): Promise<void>;
  /**
   * The same for those who have a role, one user after another; their number, and that of their sessions. `onUser` is called after each.
   */
  endAllOfRole(role: string, onUser: () => void): Promise<{ users: number; endedSessions: number }>;
}

export interface EndEverybodyParts {
  readonly database: Database;
  readonly transact: Transact;
  readonly endSessions: EndSessions;
  readonly random: Pick<Random, "id">;
}

const endReason = "REVOKED_BY_ADMIN";
const decidedBy: DecidedBy = "operator";
const USERS_AT_A_TIME = 500;
const SESSIONS_AT_A_TIME = 500;

export function createEndEverybody(parts: EndEverybodyParts): EndEverybody {
  const { database, transact, endSessions, random } = parts;

  /** 0 where the user has lost the role meanwhile. */
  function endOne(id: string, role: string): Promise<number> {
    return transact(noClient, async (unit) => {
      const { tx, record } = unit;
      const user = await lockAccount(tx, id);
      if (user?.roles.includes(role) !== true) return 0;
      const account = await changeAccount(tx, id, {});
      const endedSessions = await endSessions.end(unit, { account, actorId: null, endReason });
      await record({ type: "FORCED_LOGOUT", userId: id, detail: { by: decidedBy, endedSessions } });
      return endedSessions;
    });
  }

  /** Those of servers whose clocks are ahead of the database's, a few at a time. */
  async function endThoseAhead({ tx, record, revoke }: UnitOfWork, firstId: string, endedAt: Date): Promise<void> {
    const about = { type: "SESSION_REVOKED" as const, actorId: null, detail: { reason: endReason } };
    for (;;) {
      const ahead = await markSessionsFrom(tx, firstId, { endedAt, endReason }, SESSIONS_AT_A_TIME);
      if (ahead.length === 0) return;
      await record(ahead.map(({ id, userId }) => ({ ...about, userId, sessionId: id })));
      for (const session of ahead) await revoke(revocationOfSession(session));
    }
  }

  return {
    async endAll() {
      await transact(noClient, async (unit) => {
        const { tx, record, revoke } = unit;
        const endedAt = await readDatabaseClock(tx);
        const idBelow = firstIdAt(endedAt);
        await endSessionsOfEverybody(tx, idBelow, { id: random.id(endedAt), endedAt, endReason, actorId: null });
        await revoke(revocationOfEverybody(idBelow, addSeconds(endedAt, LONGEST_ACCESS_TOKEN_SECONDS)));
        await endThoseAhead(unit, idBelow, endedAt);
        await record({ type: "FORCED_LOGOUT", detail: { by: decidedBy } });
      });
    },
    async endAllOfRole(role, onUser) {
      const total = { users: 0, endedSessions: 0 };
      let after: string = FIRST_ID;
      for (;;) {
        const ids = await findUsersWithRole(database, role, { after, limit: USERS_AT_A_TIME });
        for (const id of ids) {
          total.endedSessions += await endOne(id, role);
          total.users += 1;
          onUser();
        }
        const last = ids.at(-1);
        if (last === undefined) return total;
        after = last;
      }
    },
  };
}
