import { AuthError } from "../../../core/errors.ts";
import { changeAccount } from "../../users/account-store.ts";
import { lockViewer } from "../lock-viewer.ts";
import { endOf, type Session } from "../session-state.ts";
import { endSession, lockSession } from "../session-store.ts";
import type { SessionParts, Sessions } from "../sessions.ts";
import type { EndSessions } from "./end-sessions.ts";

/** Ending one's own sessions from another one. */
export function createRevokeSessions(
  { audit, revocations, clock }: SessionParts,
  endSessions: EndSessions,
): Pick<Sessions, "revoke" | "logoutAll"> {
  return {
    async revoke(sessionId, viewer, origin) {
      const { session, revocation } = await audit.transaction(origin, async (tx, record) => {
        await lockViewer(tx, viewer);
        const found = await lockSession(tx, sessionId);
        if (found === undefined || found.userId !== viewer.userId) return {};
        const now = clock();
        if (endOf(found, now) !== undefined) return { session: found };
        const end = { endedAt: now, endReason: "REVOKED_BY_USER" as const };
        const about = { userId: viewer.userId, actorId: viewer.userId, sessionId };
        await record({ type: "SESSION_REVOKED", ...about, detail: { reason: end.endReason } });
        await endSession(tx, sessionId, end);
        const session: Session = { ...found, ...end };
        return { session, revocation: await revocations.revokeSession(tx, found) };
      });
      if (session === undefined) throw new AuthError("NOT_FOUND", {});
      if (revocation !== undefined) revocations.apply(revocation);
      return session;
    },
    async logoutAll(viewer, origin) {
      const ended = await audit.transaction(origin, async (tx, record) => {
        const { id } = await lockViewer(tx, viewer);
        const account = await changeAccount(tx, id, {});
        const all = await endSessions.end(tx, record, { account, actorId: id, endReason: "LOGOUT_ALL" });
        const detail = { endedSessions: all.endedSessions };
        await record({ type: "LOGOUT", userId: id, actorId: id, sessionId: viewer.sessionId, detail });
        return all;
      });
      revocations.apply(ended.revocation);
      return ended.endedSessions;
    },
  };
}
