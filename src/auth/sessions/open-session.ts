import { newSession } from "./new-session.ts";
import { insertSession } from "./session-store.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions.ts";

export function createOpenSession(parts: Pick<SessionParts, "clock" | "random">, options: SessionOptions): Sessions["open"] {
  return async (tx, account, origin) => {
    const { session, secrets, refreshToken } = newSession(account.id, origin, { ...parts, options });
    await insertSession(tx, { ...session, ...secrets });
    return { session, account, refreshToken };
  };
}
