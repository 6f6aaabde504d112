import type { ClientInfo } from "../../core/client-info.ts";
import { AuthError } from "../../core/errors.ts";
import type { Audit } from "../audit/audit.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { IssuedSession, Sessions } from "../sessions/sessions.ts";
import type { AccountOptions } from "../users/account-options.ts";
import type { Account, AccountStore } from "../users/account-store.ts";
import type { RestoreAccount } from "./leaving/restore-account.ts";
import { type Credentials, type ReadCredentials, readCredentials } from "./password/credentials.ts";
import type { Rehashing } from "./password/rehashing.ts";
import { createRegister, type Register, type RegisterParts } from "./registration/register.ts";

export interface Accounts {
  readonly register: Register;
  /**
   * Opens a session, and takes back the erasure of the account if one was asked for. Throws BAD_USER_INPUT or TOO_BUSY, or
   * INVALID_CREDENTIALS after the same work whatever was wrong; EMAIL_NOT_VERIFIED only after the right password.
   */
  login(credentials: Credentials, client: ClientInfo): Promise<IssuedSession>;
  find(id: string): Promise<Account | undefined>;
  /** Whether nobody signs in before their address is proven. */
  readonly mustVerify: boolean;
}

export interface LoginParts extends RegisterParts {
  readonly store: AccountStore;
  readonly passwords: Passwords;
  readonly rehashing: Rehashing;
  readonly restoreAccount: RestoreAccount;
  readonly sessions: Sessions;
  readonly audit: Pick<Audit, "record">;
}

export function createAccounts(parts: LoginParts, options: AccountOptions): Accounts {
  const { store, passwords, rehashing, restoreAccount, sessions, audit, clock } = parts;
  const mustVerify = options.emailVerification === "required";

  async function refuseLogin(account: Account | undefined, client: ClientInfo): Promise<never> {
    const reason = refusalReason(account, clock());
    await audit.record({ type: "LOGIN_FAILED", userId: account?.id ?? null, succeeded: false, detail: { reason } }, client);
    throw new AuthError("INVALID_CREDENTIALS", {});
  }

  async function refuseUnverified({ id }: Account, client: ClientInfo): Promise<never> {
    await audit.record({ type: "LOGIN_FAILED", userId: id, succeeded: false, detail: { reason: "email_not_verified" } }, client);
    throw new AuthError("EMAIL_NOT_VERIFIED", {});
  }

  /**
   * Undefined where the user was disabled or is to be erased since, or another hash has taken the place of the verified one: of the same
   * password, or of a new one.
   */
  async function signIn({ email, ...typed }: ReadCredentials, client: ClientInfo): Promise<IssuedSession | undefined> {
    const known = await store.findAccountForSignIn(email.key);
    const fits = await passwords.verify(known?.passwordHash, typed, client.ipAddress);
    if (known === undefined || !fits || known.status !== "ACTIVE") return refuseLogin(known, client);
    if (mustVerify && !known.emailVerified) return refuseUnverified(known, client);
    const issued = known.erasureAt === null ? await sessions.signIn(known, client) : await restoreAccount(known, client);
    if (issued !== undefined) rehashing.afterSignIn(known, typed.password);
    return issued;
  }

  return {
    register: createRegister(parts, options),
    async login(credentials, client) {
      const read = readCredentials(credentials);
      // Another login may just have hashed the same password anew; all else the second attempt tells.
      const issued = (await signIn(read, client)) ?? (await signIn(read, client));
      return issued ?? refuseLogin(await store.findAccountForSignIn(read.email.key), client);
    },
    find: (id) => store.findAccount(id),
    mustVerify,
  };
}

/** For the audit event; a wrong password unless something else was wrong for sure. */
function refusalReason(account: Account | undefined, now: Date): string {
  if (account === undefined) return "unknown_address";
  if (account.status !== "ACTIVE") return "disabled";
  return account.erasureAt !== null && account.erasureAt <= now ? "deleted" : "wrong_password";
}
