import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { SessionEndReason } from "../../../core/errors.ts";
import type { Random } from "../../../core/random.ts";
import type { Transaction } from "../../../database/database.ts";
import { LONGEST_ACCESS_TOKEN_SECONDS, revocationOfUser } from "../../revocations/revocation.ts";
import { endSessionsBelow } from "../../revocations/session-ends-store.ts";
import type { Account } from "../../users/account-store.ts";
import type { UnitOfWork } from "../../work/unit-of-work.ts";
import { countLiveSessions, lastAccessExpiry, markSessionsOf, type SessionsOfUser } from "../session-store.ts";

export interface SessionsToEnd {
  /** As it is after its version was raised (`changeAccount`), which also locked it: nobody can sign in meanwhile. */
  readonly account: Account;
  /** Who ends them; null for an operator at the command line. */
  readonly actorId: string | null;
  readonly endReason: SessionEndReason;
  /** Those that go on, if any. */
  readonly keepIds?: readonly string[];
}

export interface EndSessions {
  /** Refuses all of a user's access tokens below its version; sessions go on and get new ones. */
  revokeAccess(unit: UnitOfWork, account: Account): Promise<void>;
  /**
   * Ends the sessions, and refuses their access tokens; their number, as far as 10,000. It takes the same time however many they are:
   * those that anybody has are marked here, with an audit event each; of more than that the rest is ended by one row, and marked later
   * (`createMarkEndedSessions`).
   */
  end(unit: UnitOfWork, which: SessionsToEnd): Promise<number>;
}

/** More than the sessions that a user may have by default. */
const MARKED_AT_ONCE = 200;
const MAXIMUM_COUNTED = 10_000;
const MAXIMUM_LOOKED_AT = 1000;

export function createEndSessions(
  { clock, random }: { clock: Clock; random: Pick<Random, "id"> },
  options: { accessTokenTtlSeconds: number },
): EndSessions {
  async function findLastAccessExpiry(tx: Transaction, userId: string): Promise<Date> {
    const now = clock();
    const known = await lastAccessExpiry(tx, userId, MAXIMUM_LOOKED_AT);
    if (known === undefined) return addSeconds(now, LONGEST_ACCESS_TOKEN_SECONDS);
    // A refresh that read the user before this transaction may yet issue one more token of the old version.
    const inFlight = addSeconds(now, options.accessTokenTtlSeconds);
    return known.at !== null && known.at > inFlight ? known.at : inFlight;
  }

  /**
   * Those that live although some were marked; their number. How many were marked does not tell whether there are any: one that ends while
   * it is to be marked, by a logout, is not among the marked ones, and no other one takes its place.
   */
  async function endTheRest(tx: Transaction, of: SessionsOfUser, which: SessionsToEnd, endedAt: Date): Promise<number> {
    const { account, actorId, endReason } = which;
    const rest = await countLiveSessions(tx, of, endedAt, MAXIMUM_COUNTED - MARKED_AT_ONCE);
    if (rest > 0) await endSessionsBelow(tx, { ...of, version: account.version }, { id: random.id(endedAt), endedAt, endReason, actorId });
    return rest;
  }

  return {
    revokeAccess: async ({ tx, revoke }, account) => revoke(revocationOfUser(account, await findLastAccessExpiry(tx, account.id))),
    async end({ tx, record, revoke }, which) {
      const { account, actorId, endReason, keepIds = [] } = which;
      const of = { userId: account.id, keepIds };
      const accessExpiresAt = await findLastAccessExpiry(tx, account.id);
      const endedAt = clock();
      const marked = await markSessionsOf(tx, of, { endedAt, endReason }, MARKED_AT_ONCE);
      const about = { type: "SESSION_REVOKED" as const, userId: account.id, actorId, detail: { reason: endReason } };
      await record(marked.map(({ id }) => ({ ...about, sessionId: id })));
      const rest = await endTheRest(tx, of, which, endedAt);
      await revoke(revocationOfUser(account, accessExpiresAt));
      return marked.length + rest;
    },
  };
}
