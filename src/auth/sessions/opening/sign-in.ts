import type { Origin } from "../../../core/origin.ts";
import { connectionOf } from "../../../database/database.ts";
import type { AskForClaims } from "../../tokens/custom-claims.ts";
import { type Account, type AccountWithPassword, lockAccount } from "../../users/account-store.ts";
import type { EndSessions } from "../ending/end-sessions.ts";
import type { SessionOptions, SessionParts, Sessions } from "../sessions.ts";
import { createDeviceOf } from "./devices.ts";
import { createMakeRoom } from "./make-room.ts";
import { newSession } from "./new-session.ts";
import { recordSignIn, type SignIn } from "./sign-in-store.ts";

interface SignInParts extends Omit<SessionParts, "accounts"> {
  readonly askForClaims: AskForClaims;
  readonly endSessions: EndSessions;
}

export function createSignIn(parts: SignInParts, options: SessionOptions & { readonly maximumPerUser: number }): Sessions["signIn"] {
  const { database, audit, askForClaims } = parts;
  const deviceOf = createDeviceOf(parts);
  const signInWithRoom = createSignInWithRoom(parts, options.maximumPerUser);
  return async (verified, origin) => {
    const { id, passwordHash } = verified;
    // Before anything is done: where the operator's code fails, nobody is signed in.
    const customClaims = await askForClaims?.(verified);
    const { session, secrets, refreshToken } = newSession(id, origin, { ...parts, options });
    const event = audit.compose({ type: "LOGIN_SUCCEEDED", userId: id, actorId: id, sessionId: session.id }, origin);
    const signIn: SignIn = {
      session: { ...session, ...secrets },
      passwordHash,
      event,
      news: audit.newsOf(event),
      device: deviceOf(verified, origin, session.createdAt),
      maximum: options.maximumPerUser,
    };
    const recorded = await recordSignIn(database, signIn);
    const account = recorded?.kind === "full" ? await signInWithRoom(verified, origin, signIn) : recorded?.account;
    if (account === undefined) return undefined;
    audit.announce(event);
    return { session, account, refreshToken, customClaims };
  };
}

type SignInWithRoom = (verified: AccountWithPassword, origin: Origin, signIn: SignIn) => Promise<Account | undefined>;

/** Where a user has as many sessions as there may be: makes room and signs in, in one transaction under the user's lock. */
function createSignInWithRoom(parts: SignInParts, maximum: number): SignInWithRoom {
  const { audit, revocations } = parts;
  const makeRoom = createMakeRoom(parts, { maximum });
  return async ({ id, passwordHash }, origin, signIn) => {
    const { account, revoked } = await audit.transaction(origin, async (tx, record) => {
      const locked = await lockAccount(tx, id);
      const maySignIn = locked?.status === "ACTIVE" && locked.passwordHash === passwordHash && locked.erasureAt === null;
      if (locked === undefined || !maySignIn) return { account: undefined, revoked: [] };
      const made = await makeRoom(tx, record, locked);
      const recorded = await recordSignIn(connectionOf(tx), { ...signIn, maximum: undefined });
      return { account: recorded?.kind === "signed_in" ? recorded.account : undefined, revoked: made };
    });
    for (const revocation of revoked) revocations.apply(revocation);
    return account;
  };
}
