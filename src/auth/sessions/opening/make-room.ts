import { addSeconds, type Clock } from "../../../core/clock.ts";
import { revocationOfSession } from "../../revocations/revocation.ts";
import { type Account, changeAccount } from "../../users/account-store.ts";
import type { UnitOfWork } from "../../work/unit-of-work.ts";
import type { EndSessions } from "../ending/end-sessions.ts";
import { endSession } from "../session-store.ts";
import { findOpenSessions, markExpiredSessions, type OpenSession } from "./make-room-store.ts";

/** Ends the sessions of a locked user that have not been used for the longest time, until there is room for one more. */
export type MakeRoom = (unit: UnitOfWork, account: Account) => Promise<void>;

export interface MakeRoomParts {
  readonly endSessions: Pick<EndSessions, "end">;
  readonly clock: Clock;
}

/** So many more than there may be are ended one by one; all others, from before there was a limit, by one row. */
const ENDED_ONE_BY_ONE = 50;
const endReason = "TOO_MANY_SESSIONS";
/** By then no clock and no access token says otherwise. */
const LONG_EXPIRED_SECONDS = 2 * 86_400;

export function createMakeRoom({ endSessions, clock }: MakeRoomParts, { maximum }: { maximum: number }): MakeRoom {
  async function endOneByOne({ tx, record, revoke }: UnitOfWork, which: readonly OpenSession[]): Promise<void> {
    for (const { id, userId, accessExpiresAt } of which) {
      await record({ type: "SESSION_REVOKED", userId, actorId: userId, sessionId: id, detail: { reason: endReason } });
      await endSession(tx, { userId, id }, { endedAt: clock(), endReason });
      await revoke(revocationOfSession({ id, accessExpiresAt }));
    }
  }

  return async (unit, { id }) => {
    const { tx } = unit;
    const now = clock();
    const limit = maximum + ENDED_ONE_BY_ONE;
    const open = await findOpenSessions(tx, id, limit);
    await markExpiredSessions(tx, open, addSeconds(now, -LONG_EXPIRED_SECONDS));
    const live = open.filter((session) => session.endsAt > now && !session.hasEnded);
    const latestFirst = live.toSorted((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime());
    const kept = latestFirst.slice(0, maximum - 1);
    const others = latestFirst.slice(maximum - 1);
    const mayBeMore = open.length === limit && others.length > 0;
    if (!mayBeMore) return endOneByOne(unit, others);
    const account = await changeAccount(tx, id, {});
    const keepIds = kept.map((session) => session.id);
    await endSessions.end(unit, { account, actorId: id, endReason, keepIds });
  };
}
