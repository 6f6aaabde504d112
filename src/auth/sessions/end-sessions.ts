import type { Transaction } from "../../database/database.ts";
import type { Account } from "../accounts/account-store.ts";
import type { Recorder } from "../audit/audit.ts";
import { addSeconds, type Clock } from "../clock.ts";
import type { SessionEndReason } from "../errors.ts";
import type { Revocation } from "../revocations/revocation.ts";
import type { Revocations } from "../revocations/revocations.ts";
import { endSessionsOf, lastAccessExpiry } from "./session-store.ts";

export interface SessionsToEnd {
  /** As it is after its version was raised (`changeAccount`), which also locked it: nobody can sign in meanwhile. */
  readonly account: Account;
  /** Who ends them; null for an operator at the command line. */
  readonly actorId: string | null;
  readonly endReason: SessionEndReason;
  /** The one that goes on, if any. */
  readonly exceptId?: string;
}

export interface EndSessions {
  /** Refuses all of a user's access tokens below its version; sessions go on and get new ones. */
  revokeAccess(tx: Transaction, account: Account): Promise<Revocation>;
  /** Ends the sessions, one audit entry each, and refuses their access tokens. Apply the revocation after the commit. */
  end(tx: Transaction, record: Recorder, which: SessionsToEnd): Promise<{ endedSessions: number; revocation: Revocation }>;
}

export function createEndSessions(
  parts: { revocations: Pick<Revocations, "revokeUser">; clock: Clock },
  options: { accessTokenTtlSeconds: number },
): EndSessions {
  const { revocations, clock } = parts;

  async function revokeAccess(tx: Transaction, { id, version }: Account): Promise<Revocation> {
    const known = await lastAccessExpiry(tx, id);
    // A refresh that read the user before this transaction may yet issue one more token of the old version.
    const inFlight = addSeconds(clock(), options.accessTokenTtlSeconds);
    const accessExpiresAt = known !== undefined && known > inFlight ? known : inFlight;
    return revocations.revokeUser(tx, { id, version, accessExpiresAt });
  }

  return {
    revokeAccess,
    async end(tx, record, { account, actorId, endReason, exceptId }) {
      const ended = await endSessionsOf(tx, { userId: account.id, exceptId }, { endedAt: clock(), endReason });
      const about = { type: "SESSION_REVOKED" as const, userId: account.id, actorId, detail: { reason: endReason } };
      await record(ended.map(({ id }) => ({ ...about, sessionId: id })));
      return { endedSessions: ended.length, revocation: await revokeAccess(tx, account) };
    },
  };
}
