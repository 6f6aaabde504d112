import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import type { Random } from "../../../core/random.ts";
import type { CommonPasswords } from "../../passwords/password-policy.ts";
import type { PasswordHasher } from "../../passwords/passwords.ts";
import type { IssuedSession, Sessions } from "../../sessions/sessions.ts";
import type { AskForClaims } from "../../tokens/custom-claims.ts";
import type { AccountOptions } from "../../users/account-options.ts";
import type { AccountStore } from "../../users/account-store.ts";
import { insertAccount } from "../../users/new-account-store.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import { type Credentials, readNewCredentials } from "../password/credentials.ts";
import { type AccountHooks, rolesOfNewcomer } from "./account-hooks.ts";
import { newAccount } from "./new-account.ts";
import { createRegisterUnproven } from "./register-unproven.ts";
import type { SendVerification } from "./verification-messages.ts";

/**
 * Creates a user and opens the first session. Throws BAD_USER_INPUT, REGISTRATION_REFUSED, EMAIL_TAKEN or TOO_BUSY; where the address has
 * to be verified first, always EMAIL_NOT_VERIFIED in place of EMAIL_TAKEN and of success.
 */
export type Register = (credentials: Credentials, client: ClientInfo) => Promise<RegisteredSession>;

export interface RegisteredSession extends IssuedSession {
  /** What goes with the code that was sent. */
  readonly verificationAttempt?: string;
}

export interface RegisterParts {
  readonly store: Pick<AccountStore, "findAccountForSignIn">;
  readonly passwords: PasswordHasher;
  readonly commonPasswords: CommonPasswords;
  readonly sessions: Pick<Sessions, "open">;
  readonly transact: Transact;
  readonly hooks: Pick<AccountHooks, "beforeRegister">;
  readonly askForClaims: AskForClaims;
  readonly clock: Clock;
  readonly random: Random;
  readonly sendVerification: SendVerification;
}

export function createRegister(parts: RegisterParts, options: AccountOptions): Register {
  const { store, passwords, commonPasswords, sessions, transact, hooks, askForClaims, clock, random, sendVerification } = parts;
  const mustVerify = options.emailVerification === "required";
  const asksToVerify = options.emailVerification === "optional" && options.canMail;
  const registerUnproven = createRegisterUnproven(parts, options);

  return async (credentials, client) => {
    const read = readNewCredentials(credentials, commonPasswords);
    const { email, password } = read;
    const roles = await rolesOfNewcomer({ ...client, email: email.address, emailKey: email.key }, hooks);
    if (mustVerify) return registerUnproven(read, roles, client);
    if ((await store.findAccountForSignIn(email.key)) !== undefined) throw new AuthError("EMAIL_TAKEN", {});
    const passwordHash = await passwords.hash(password, client.ipAddress);
    const now = clock();
    const account = newAccount({ id: random.id(now), email, passwordHash, roles, createdAt: now, lastLoginAt: now });
    const customClaims = await askForClaims?.(account);
    const issued = await transact(client, async (unit) => {
      if (!(await insertAccount(unit.tx, account))) return undefined;
      const opened = await sessions.open(unit.tx, account, client);
      const verificationAttempt = asksToVerify
        ? await sendVerification(unit, { address: email, account, otherwise: alreadyVerified })
        : undefined;
      await unit.record({ type: "REGISTERED", userId: account.id, actorId: account.id, sessionId: opened.session.id });
      return { ...opened, customClaims, ...(verificationAttempt && { verificationAttempt }) };
    });
    if (issued === undefined) throw new AuthError("EMAIL_TAKEN", {});
    return issued;
  };
}

/** A new account never is; the message is about one that may be. */
const alreadyVerified = { template: "already_verified", facts: {} } as const;
