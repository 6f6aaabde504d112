import { AuthError } from "../../../core/errors.ts";
import { revocationOfSession } from "../../revocations/revocation.ts";
import { changeAccount } from "../../users/account-store.ts";
import { lockViewer } from "../lock-viewer.ts";
import { endOf, type Session } from "../session-state.ts";
import { endSession, lockSession } from "../session-store.ts";
import type { SessionParts, Sessions } from "../sessions.ts";

/** Ending one's own sessions from another one. */
export function createRevokeSessions({
  transact,
  endSessions,
  clock,
}: Pick<SessionParts, "transact" | "endSessions" | "clock">): Pick<Sessions, "revoke" | "logoutAll"> {
  return {
    async revoke(sessionId, viewer, client) {
      const session = await transact(client, async ({ tx, record, revoke }): Promise<Session | undefined> => {
        await lockViewer(tx, viewer);
        const found = await lockSession(tx, { userId: viewer.userId, id: sessionId });
        if (found === undefined) return undefined;
        const now = clock();
        if (endOf(found, now) !== undefined) return found;
        const end = { endedAt: now, endReason: "REVOKED_BY_USER" as const };
        const about = { userId: viewer.userId, actorId: viewer.userId, sessionId };
        await record({ type: "SESSION_REVOKED", ...about, detail: { reason: end.endReason } });
        await endSession(tx, found, end);
        await revoke(revocationOfSession(found));
        return { ...found, ...end };
      });
      if (session === undefined) throw new AuthError("NOT_FOUND", {});
      return session;
    },
    logoutAll: (viewer, client) =>
      transact(client, async (unit) => {
        const { id } = await lockViewer(unit.tx, viewer);
        const account = await changeAccount(unit.tx, id, {});
        const endedSessions = await endSessions.end(unit, { account, actorId: id, endReason: "LOGOUT_ALL" });
        await unit.record({ type: "LOGOUT", userId: id, actorId: id, sessionId: viewer.sessionId, detail: { endedSessions } });
        return endedSessions;
      }),
  };
}
