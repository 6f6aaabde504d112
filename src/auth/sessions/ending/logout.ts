import type { ClientInfo } from "../../../core/client-info.ts";
import { revocationOfSession } from "../../revocations/revocation.ts";
import { parseRefreshToken, secretFits } from "../../tokens/refresh-tokens.ts";
import { endOf, type SessionRecord } from "../session-state.ts";
import { endSession, lockSession, type SessionKey } from "../session-store.ts";
import type { SessionParts, Sessions } from "../sessions.ts";

/** Ending a session on its holder's word. Any genuine token of the family will do, also an old one: it can only end it. */
export function createLogout({ transact, clock }: Pick<SessionParts, "transact" | "clock">): Sessions["logout"] {
  function end(key: SessionKey, client: ClientInfo, isAllowed: (session: SessionRecord) => boolean): Promise<number> {
    return transact(client, async ({ tx, record, revoke }) => {
      const session = await lockSession(tx, key);
      const now = clock();
      if (session === undefined || !isAllowed(session) || endOf(session, now) !== undefined) return 0;
      await record({ type: "LOGOUT", userId: session.userId, actorId: session.userId, sessionId: session.id });
      await endSession(tx, session, { endedAt: now, endReason: "LOGOUT" });
      await revoke(revocationOfSession(session));
      return 1;
    });
  }

  return async ({ refreshToken, viewer }, client) => {
    if (refreshToken === undefined)
      return viewer === undefined ? 0 : end({ userId: viewer.userId, id: viewer.sessionId }, client, () => true);
    const token = parseRefreshToken(refreshToken);
    if (token === undefined) return 0;
    return end({ userId: token.userId, id: token.sessionId }, client, (session) => secretFits(token.familySecret, session.familyHash));
  };
}
