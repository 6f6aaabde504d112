import { newSession } from "./new-session.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions.ts";
import { recordSignIn } from "./sign-in-store.ts";

export function createSignIn(parts: Omit<SessionParts, "accounts" | "revocations">, options: SessionOptions): Sessions["signIn"] {
  const { database, audit } = parts;
  return async ({ id, passwordHash }, origin) => {
    const { session, secrets, refreshToken } = newSession(id, origin, { ...parts, options });
    const event = audit.compose({ type: "LOGIN_SUCCEEDED", userId: id, actorId: id, sessionId: session.id }, origin);
    const account = await recordSignIn(database, { session: { ...session, ...secrets }, passwordHash, event });
    if (account === undefined) return undefined;
    audit.announce(event);
    return { session, account, refreshToken };
  };
}
