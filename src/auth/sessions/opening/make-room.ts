import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { Transaction } from "../../../database/database.ts";
import type { Recorder } from "../../audit/audit.ts";
import type { Revocation } from "../../revocations/revocation.ts";
import type { Revocations } from "../../revocations/revocations.ts";
import { type Account, changeAccount } from "../../users/account-store.ts";
import type { EndSessions } from "../ending/end-sessions.ts";
import { endSession } from "../session-store.ts";
import { findOpenSessions, markExpiredSessions, type OpenSession } from "./make-room-store.ts";

/** Ends the sessions of a locked user that have not been used for the longest time, until there is room for one more. Apply what is revoked after the commit. */
export type MakeRoom = (tx: Transaction, record: Recorder, account: Account) => Promise<readonly Revocation[]>;

export interface MakeRoomParts {
  readonly revocations: Pick<Revocations, "revokeSession">;
  readonly endSessions: Pick<EndSessions, "end">;
  readonly clock: Clock;
}

/** So many more than there may be are ended one by one; all others, from before there was a limit, by one row. */
const ENDED_ONE_BY_ONE = 50;
const endReason = "TOO_MANY_SESSIONS";
/** By then no clock and no access token says otherwise. */
const LONG_EXPIRED_SECONDS = 2 * 86_400;

export function createMakeRoom({ revocations, endSessions, clock }: MakeRoomParts, { maximum }: { maximum: number }): MakeRoom {
  async function endOneByOne(tx: Transaction, record: Recorder, which: readonly OpenSession[]): Promise<Revocation[]> {
    const revoked: Revocation[] = [];
    for (const { id, userId, accessExpiresAt } of which) {
      await record({ type: "SESSION_REVOKED", userId, actorId: userId, sessionId: id, detail: { reason: endReason } });
      await endSession(tx, id, { endedAt: clock(), endReason });
      revoked.push(await revocations.revokeSession(tx, { id, accessExpiresAt }));
    }
    return revoked;
  }

  return async (tx, record, { id }) => {
    const now = clock();
    const limit = maximum + ENDED_ONE_BY_ONE;
    const open = await findOpenSessions(tx, id, limit);
    await markExpiredSessions(tx, open, addSeconds(now, -LONG_EXPIRED_SECONDS));
    const live = open.filter((session) => session.endsAt > now && !session.hasEnded);
    const latestFirst = live.toSorted((one, other) => other.lastUsedAt.getTime() - one.lastUsedAt.getTime());
    const kept = latestFirst.slice(0, maximum - 1);
    const others = latestFirst.slice(maximum - 1);
    const mayBeMore = open.length === limit && others.length > 0;
    if (!mayBeMore) return endOneByOne(tx, record, others);
    const account = await changeAccount(tx, id, {});
    const keepIds = kept.map((session) => session.id);
    const { revocation } = await endSessions.end(tx, record, { account, actorId: id, endReason, keepIds });
    return [revocation];
  };
}
