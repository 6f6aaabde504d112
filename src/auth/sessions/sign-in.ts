import type { AskForClaims } from "../tokens/custom-claims.ts";
import { createDeviceOf } from "./devices.ts";
import { newSession } from "./new-session.ts";
import type { SessionOptions, SessionParts, Sessions } from "./sessions.ts";
import { recordSignIn } from "./sign-in-store.ts";

interface SignInParts extends Omit<SessionParts, "accounts" | "revocations"> {
  readonly askForClaims: AskForClaims;
}

export function createSignIn(parts: SignInParts, options: SessionOptions): Sessions["signIn"] {
  const { database, audit, askForClaims } = parts;
  const deviceOf = createDeviceOf(parts);
  return async (verified, origin) => {
    const { id, passwordHash } = verified;
    // Before anything is done: where the operator's code fails, nobody is signed in.
    const customClaims = await askForClaims?.(verified);
    const { session, secrets, refreshToken } = newSession(id, origin, { ...parts, options });
    const event = audit.compose({ type: "LOGIN_SUCCEEDED", userId: id, actorId: id, sessionId: session.id }, origin);
    const account = await recordSignIn(database, {
      session: { ...session, ...secrets },
      passwordHash,
      event,
      news: audit.newsOf(event),
      device: deviceOf(verified, origin, session.createdAt),
    });
    if (account === undefined) return undefined;
    audit.announce(event);
    return { session, account, refreshToken, customClaims };
  };
}
