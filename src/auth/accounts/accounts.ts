import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { AuthError } from "../errors.ts";
import type { Origin } from "../origin.ts";
import type { CommonPasswords } from "../passwords/password-policy.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { Random } from "../random.ts";
import type { HeldSession, Sessions } from "../sessions/sessions.ts";
import type { AccountOptions } from "./account-options.ts";
import { type Account, type AccountStore, insertAccount } from "./account-store.ts";
import { type Credentials, type ReadCredentials, readCredentials, readNewCredentials } from "./credentials.ts";
import { newAccount } from "./new-account.ts";
import { createRegisterUnproven } from "./register-unproven.ts";
import type { Rehashing } from "./rehashing.ts";
import type { RestoreAccount } from "./restore-account.ts";
import type { SendVerification } from "./verification-messages.ts";

export interface Accounts {
  /**
   * Creates a user and opens the first session. Throws BAD_USER_INPUT, EMAIL_TAKEN or TOO_BUSY; where the address has to be verified first,
   * always EMAIL_NOT_VERIFIED in place of EMAIL_TAKEN and of success.
   */
  register(credentials: Credentials, origin: Origin): Promise<HeldSession>;
  /**
   * Opens a session, and takes back the erasure of the account if one was asked for. Throws BAD_USER_INPUT or TOO_BUSY, or INVALID_CREDENTIALS after the same work whatever was wrong; EMAIL_NOT_VERIFIED
   * only after the right password.
   */
  login(credentials: Credentials, origin: Origin): Promise<HeldSession>;
  find(id: string): Promise<Account | undefined>;
  /** Whether nobody signs in before their address is proven. */
  readonly mustVerify: boolean;
}

export interface AccountParts {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  readonly rehashing: Rehashing;
  readonly restoreAccount: RestoreAccount;
  readonly commonPasswords: CommonPasswords;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
  readonly sendVerification: SendVerification;
}

export function createAccounts(parts: AccountParts, options: AccountOptions): Accounts {
  const { store, passwords, rehashing, restoreAccount, commonPasswords, sessions, audit, clock, random, sendVerification } = parts;
  const mustVerify = options.emailVerification === "required";
  const asksToVerify = options.emailVerification === "optional" && options.canMail;
  const registerUnproven = createRegisterUnproven(parts, options);

  async function refuseLogin(account: Account | undefined, origin: Origin): Promise<never> {
    const reason = refusalReason(account, clock());
    await audit.record({ type: "LOGIN_FAILED", userId: account?.id ?? null, succeeded: false, detail: { reason } }, origin);
    throw new AuthError("INVALID_CREDENTIALS", {});
  }

  async function refuseUnverified({ id }: Account, origin: Origin): Promise<never> {
    await audit.record({ type: "LOGIN_FAILED", userId: id, succeeded: false, detail: { reason: "email_not_verified" } }, origin);
    throw new AuthError("EMAIL_NOT_VERIFIED", {});
  }

  /**
   * Undefined where the user was disabled or is to be erased since, or another hash has taken the place of the verified one: of the same
   * password, or of a new one.
   */
  async function signIn({ email, ...typed }: ReadCredentials, origin: Origin): Promise<HeldSession | undefined> {
    const known = await store.findAccountForSignIn(email.key);
    const fits = await passwords.verify(known?.passwordHash, typed, origin.ipAddress);
    if (known === undefined || !fits || known.status !== "ACTIVE") return refuseLogin(known, origin);
    if (mustVerify && !known.emailVerified) return refuseUnverified(known, origin);
    const held = known.erasureAt === null ? await sessions.signIn(known, origin) : await restoreAccount(known, origin);
    if (held !== undefined) rehashing.afterSignIn(known, typed.password);
    return held;
  }

  return {
    async register(credentials, origin) {
      const read = readNewCredentials(credentials, commonPasswords);
      if (mustVerify) return registerUnproven(read, origin);
      const { email, password } = read;
      if ((await store.findAccountForSignIn(email.key)) !== undefined) throw new AuthError("EMAIL_TAKEN", {});
      const passwordHash = await passwords.hash(password, origin.ipAddress);
      const now = clock();
      const account = newAccount({ id: random.id(now), email, passwordHash, roles: ["user"], createdAt: now, lastLoginAt: now });
      const held = await audit.transaction(origin, async (tx, record) => {
        if (!(await insertAccount(tx, account))) return undefined;
        const opened = await sessions.open(tx, account, origin);
        if (asksToVerify) await sendVerification(tx, { address: email, account, otherwise: alreadyVerified });
        await record({ type: "REGISTERED", userId: account.id, actorId: account.id, sessionId: opened.session.id });
        return opened;
      });
      if (held === undefined) throw new AuthError("EMAIL_TAKEN", {});
      return held;
    },
    async login(credentials, origin) {
      const read = readCredentials(credentials);
      // Another login may just have hashed the same password anew; all else the second attempt tells.
      const held = (await signIn(read, origin)) ?? (await signIn(read, origin));
      return held ?? refuseLogin(await store.findAccountForSignIn(read.email.key), origin);
    },
    find: (id) => store.findAccount(id),
    mustVerify,
  };
}

/** A new account never is; the message is about one that may be. */
const alreadyVerified = { template: "already_verified", facts: {} } as const;

/** For the audit entry; a wrong password unless something else was wrong for sure. */
function refusalReason(account: Account | undefined, now: Date): string {
  if (account === undefined) return "unknown_address";
  if (account.status !== "ACTIVE") return "disabled";
  return account.erasureAt !== null && account.erasureAt <= now ? "deleted" : "wrong_password";
}
