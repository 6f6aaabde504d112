import type { SessionEndReason } from "../../core/errors.ts";
import type { AuditEvent } from "./audit-events.ts";

export interface EndedSession {
  readonly sessionId: string;
  readonly endReason: SessionEndReason;
}

/** The session that an event ended, exactly one event for each session that something ends; one that merely expires has none. */
export function endedSessionOf({ type, sessionId, detail }: AuditEvent): EndedSession | undefined {
  if (sessionId === null) return undefined;
  if (type === "REFRESH_REUSED") return { sessionId, endReason: "REUSE_DETECTED" };
  // With a number of sessions it sums up a logout everywhere: each of them has an event of its own, this one too.
  if (type === "LOGOUT" && detail === null) return { sessionId, endReason: "LOGOUT" };
  if (type === "SESSION_REVOKED") return { sessionId, endReason: detail?.reason as SessionEndReason };
  return undefined;
}
