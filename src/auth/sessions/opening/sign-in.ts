import type { ClientInfo } from "../../../core/client-info.ts";
import { connectionOf } from "../../../database/database.ts";
import { type Account, type AccountWithPassword, lockAccount } from "../../users/account-store.ts";
import type { SessionOptions, SessionParts, Sessions } from "../sessions.ts";
import { createDeviceOf } from "./devices.ts";
import { createMakeRoom } from "./make-room.ts";
import { newSession } from "./new-session.ts";
import { recordSignIn, type SignIn } from "./sign-in-store.ts";

export interface SignInOptions extends SessionOptions {
  /** So many live sessions a user may have. */
  readonly maximumPerUser: number;
}

/**
 * A login is one statement, which also writes the audit event and its news: a transaction would cost it several round trips. Only where the
 * user has no room for one more session does it go through `transact`.
 */
export function createSignIn(parts: SessionParts, options: SignInOptions): Sessions["signIn"] {
  const { database, audit, askForClaims } = parts;
  const deviceOf = createDeviceOf(parts);
  const signInWithRoom = createSignInWithRoom(parts, options.maximumPerUser);
  return async (verified, client) => {
    const { id, passwordHash } = verified;
    // Before anything is done: where the operator's code fails, nobody is signed in.
    const customClaims = await askForClaims?.(verified);
    const { session, secrets, refreshToken } = newSession(id, client, { ...parts, options });
    const event = audit.compose({ type: "LOGIN_SUCCEEDED", userId: id, actorId: id, sessionId: session.id }, client);
    const signIn: SignIn = {
      session: { ...session, ...secrets },
      passwordHash,
      event,
      news: audit.newsOf(event),
      device: deviceOf(verified, client, session.createdAt),
      maximum: options.maximumPerUser,
    };
    const recorded = await recordSignIn(database, signIn);
    const account = recorded?.kind === "full" ? await signInWithRoom(verified, client, signIn) : recorded?.account;
    if (account === undefined) return undefined;
    audit.announce(event);
    return { session, account, refreshToken, customClaims };
  };
}

type SignInWithRoom = (verified: AccountWithPassword, client: ClientInfo, signIn: SignIn) => Promise<Account | undefined>;

/** Where a user has as many sessions as there may be: makes room and signs in, in one transaction under the user's lock. */
function createSignInWithRoom(parts: SessionParts, maximum: number): SignInWithRoom {
  const { transact } = parts;
  const makeRoom = createMakeRoom(parts, { maximum });
  return ({ id, passwordHash }, client, signIn) =>
    transact(client, async (unit) => {
      const { tx } = unit;
      const locked = await lockAccount(tx, id);
      const maySignIn = locked?.status === "ACTIVE" && locked.passwordHash === passwordHash && locked.erasureAt === null;
      if (locked === undefined || !maySignIn) return undefined;
      await makeRoom(unit, locked);
      const recorded = await recordSignIn(connectionOf(tx), { ...signIn, maximum: undefined });
      return recorded?.kind === "signed_in" ? recorded.account : undefined;
    });
}
