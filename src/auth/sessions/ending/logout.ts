import type { ClientInfo } from "../../../core/client-info.ts";
import { revocationOfSession } from "../../revocations/revocation.ts";
import { parseRefreshToken, secretFits } from "../../tokens/refresh-tokens.ts";
import { endOf, type SessionRecord } from "../session-state.ts";
import { endSession, lockSession } from "../session-store.ts";
import type { SessionParts, Sessions } from "../sessions.ts";

/** Ending a session on its holder's word. Any genuine token of the family will do, also an old one: it can only end it. */
export function createLogout({ transact, clock }: Pick<SessionParts, "transact" | "clock">): Sessions["logout"] {
  function end(sessionId: string, origin: ClientInfo, isAllowed: (session: SessionRecord) => boolean): Promise<number> {
    return transact(origin, async ({ tx, record, revoke }) => {
      const session = await lockSession(tx, sessionId);
      const now = clock();
      if (session === undefined || !isAllowed(session) || endOf(session, now) !== undefined) return 0;
      await record({ type: "LOGOUT", userId: session.userId, actorId: session.userId, sessionId });
      await endSession(tx, sessionId, { endedAt: now, endReason: "LOGOUT" });
      await revoke(revocationOfSession(session));
      return 1;
    });
  }

  return async ({ refreshToken, sessionId }, origin) => {
    if (refreshToken === undefined) return sessionId === undefined ? 0 : end(sessionId, origin, () => true);
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) return 0;
    return end(token.sessionId, origin, (session) => secretFits(token.familySecret, session.familyHash));
  };
}
