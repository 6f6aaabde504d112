import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Database } from "../../../database/database.ts";
import type { Audit } from "../../audit/audit.ts";
import type { OneTimeToken, OneTimeTokens } from "../../one-time/one-time-tokens.ts";
import { type CommonPasswords, newPasswordProblem, readPassword } from "../../passwords/password-policy.ts";
import type { PasswordHasher } from "../../passwords/passwords.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import { changeAccount } from "../../users/account-store.ts";
import { readEmailAddress } from "../../users/email-addresses.ts";
import type { Notices } from "../../users/notices.ts";
import type { Transact, UnitOfWork } from "../../work/unit-of-work.ts";
import { type AddressedAccount, lockAddressedAccount } from "../registration/proof-store.ts";
import { bindingOf } from "./reset-messages.ts";

/** As typed. */
export interface PasswordReset {
  readonly token: string;
  readonly newPassword: string;
}

/**
 * Sets a new password, ends every session and marks the address as proven; the number of ended sessions. Enables nobody. Throws
 * BAD_USER_INPUT for a password that breaks a rule and TOO_BUSY, after both of which the token is still good, or INVALID_ONE_TIME_TOKEN
 * (OWASP ASVS 5.0: 6.4.3).
 */
export type ResetPassword = (reset: PasswordReset, client: ClientInfo) => Promise<number>;

export interface ResetPasswordParts {
  readonly database: Database;
  readonly oneTimeTokens: OneTimeTokens;
  readonly passwords: PasswordHasher;
  readonly commonPasswords: CommonPasswords;
  readonly endSessions: EndSessions;
  readonly notices: Notices;
  readonly transact: Transact;
  readonly audit: Pick<Audit, "record">;
  readonly clock: Clock;
}

const PURPOSE = "RESET_PASSWORD";

interface Wanted {
  readonly token: string;
  readonly userId: string;
  readonly passwordHash: string;
}

export function createResetPassword(parts: ResetPasswordParts): ResetPassword {
  const { database, oneTimeTokens, passwords, commonPasswords, endSessions, notices, transact, audit, clock } = parts;

  async function perform(unit: UnitOfWork, { token, userId, passwordHash }: Wanted): Promise<number | undefined> {
    const { tx, record } = unit;
    const locked = await lockAddressedAccount(tx, userId);
    const taken = await oneTimeTokens.take(tx, PURPOSE, token);
    if (locked === undefined || taken === undefined || !isAbout(taken, locked)) {
      await record({ type: "PASSWORD_RESET", userId, succeeded: false });
      return undefined;
    }
    const account = await changeAccount(tx, userId, { passwordHash, emailVerified: true });
    await oneTimeTokens.drop(tx, userId, ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL"]);
    const endedSessions = await endSessions.end(unit, { account, actorId: userId, endReason: "PASSWORD_RESET" });
    await notices.tell(tx, account, { template: "password_changed", facts: { at: clock().toISOString() } });
    await record({ type: "PASSWORD_RESET", userId, actorId: userId, detail: { endedSessions } });
    return endedSessions;
  }

  return async ({ token, newPassword }, client) => {
    const found = await oneTimeTokens.find(database, PURPOSE, token);
    const password = readNewPassword(newPassword, found?.proves?.email ?? "", commonPasswords);
    if (found === undefined) {
      await audit.record({ type: "PASSWORD_RESET", succeeded: false }, client);
      throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    }
    const passwordHash = await passwords.hash(password, client.ipAddress);
    const wanted = { token, userId: found.userId, passwordHash };
    const endedSessions = await transact(client, (unit) => perform(unit, wanted));
    if (endedSessions === undefined) throw new AuthError("INVALID_ONE_TIME_TOKEN", {});
    return endedSessions;
  };
}

/** In NFC. The rules are those of registration. */
function readNewPassword(text: string, email: string, common: CommonPasswords): string {
  const { password, problem } = readPassword(text);
  const newProblem = problem ?? newPasswordProblem(password ?? "", readEmailAddress(email).email, common);
  if (password === undefined || newProblem !== undefined) throw badInput({ newPassword: newProblem });
  return password;
}

/** The account may have got another address or password since it was asked for. */
function isAbout({ proves, boundTo }: OneTimeToken, account: AddressedAccount): boolean {
  return proves?.emailKey === account.emailKey && boundTo?.equals(bindingOf(account.passwordHash)) === true;
}
