import type { ClientInfo } from "../../../core/client-info.ts";
import type { Clock } from "../../../core/clock.ts";
import { AuthError } from "../../../core/errors.ts";
import { badInput } from "../../../core/input-problems.ts";
import type { Audit } from "../../audit/audit.ts";
import { deleteOneTimeTokensOf } from "../../one-time/one-time-token-store.ts";
import { type CommonPasswords, newPasswordProblem, readPassword, type TypedPassword } from "../../passwords/password-policy.ts";
import type { Passwords } from "../../passwords/passwords.ts";
import type { Revocable } from "../../revocations/revocation.ts";
import type { EndSessions } from "../../sessions/ending/end-sessions.ts";
import { lockViewer } from "../../sessions/lock-viewer.ts";
import { type Account, type AccountStore, changeAccount } from "../../users/account-store.ts";
import { readEmailAddress } from "../../users/email-addresses.ts";
import type { Notices } from "../../users/notices.ts";
import type { Transact } from "../../work/unit-of-work.ts";

/** As typed. */
export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
}

/**
 * Replaces the viewer's password, ends every other session and refuses every access token issued before: this session goes on
 * with its next refresh. Messages that could change password or address are void. Throws BAD_USER_INPUT, INVALID_CREDENTIALS where the
 * current password is wrong, UNAUTHENTICATED where the session has ended meanwhile, TOO_BUSY (OWASP ASVS 5.0: 6.2.3, 7.4.3).
 */
export type ChangePassword = (change: PasswordChange, viewer: Revocable, client: ClientInfo) => Promise<Account>;

interface ReadChange {
  readonly current: TypedPassword;
  /** In NFC. */
  readonly newPassword: string;
}

export interface ChangePasswordParts {
  readonly store: Pick<AccountStore, "findAccountWithPassword">;
  readonly passwords: Passwords;
  readonly commonPasswords: CommonPasswords;
  readonly transact: Transact;
  readonly audit: Pick<Audit, "record">;
  readonly endSessions: EndSessions;
  readonly notices: Notices;
  readonly clock: Clock;
}

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { store, passwords, commonPasswords, transact, audit, endSessions, notices, clock } = parts;

  async function refuse(viewer: Revocable, client: ClientInfo): Promise<never> {
    const about = { userId: viewer.userId, actorId: viewer.userId, sessionId: viewer.sessionId };
    await audit.record({ type: "PASSWORD_CHANGED", ...about, succeeded: false, detail: { reason: "wrong_password" } }, client);
    throw new AuthError("INVALID_CREDENTIALS", {});
  }

  /** Undefined where the stored hash is another one by the end. */
  async function attempt(change: PasswordChange, viewer: Revocable, client: ClientInfo): Promise<Account | undefined> {
    const known = await store.findAccountWithPassword(viewer.userId);
    if (known === undefined) throw new AuthError("UNAUTHENTICATED", { reason: "revoked" });
    const { current, newPassword } = readChange(change, known.email, commonPasswords);
    if (!(await passwords.verify(known.passwordHash, current, client.ipAddress))) return refuse(viewer, client);
    const passwordHash = await passwords.hash(newPassword, client.ipAddress);
    return transact(client, async (unit) => {
      const { tx, record } = unit;
      const locked = await lockViewer(tx, viewer);
      if (locked.passwordHash !== known.passwordHash) return undefined;
      const account = await changeAccount(tx, locked.id, { passwordHash });
      const others = { account, actorId: account.id, endReason: "PASSWORD_CHANGED" as const, keepIds: [viewer.sessionId] };
      await deleteOneTimeTokensOf(tx, account.id, ["RESET_PASSWORD", "CHANGE_EMAIL"]);
      const endedSessions = await endSessions.end(unit, others);
      const about = { userId: account.id, actorId: account.id, sessionId: viewer.sessionId };
      await record({ type: "PASSWORD_CHANGED", ...about, detail: { endedSessions } });
      await notices.tell(tx, account, { template: "password_changed", facts: { at: clock().toISOString() } });
      return account;
    });
  }

  return async (change, viewer, client) => {
    // A login elsewhere may just have hashed the same password anew; where the password itself has changed, the second attempt tells.
    return (await attempt(change, viewer, client)) ?? (await attempt(change, viewer, client)) ?? refuse(viewer, client);
  };
}

/** Both fields are judged before anything is said, so that a form can show every problem at once. */
function readChange(change: PasswordChange, email: string, common: CommonPasswords): ReadChange {
  const current = readPassword(change.currentPassword);
  const wanted = readPassword(change.newPassword);
  const isSame = wanted.password === current.password && wanted.password !== undefined;
  const same = isSame ? "Is the current one; choose another." : undefined;
  const problem = wanted.problem ?? same ?? newPasswordProblem(wanted.password, readEmailAddress(email).email, common);
  if (current.password !== undefined && wanted.password !== undefined && problem === undefined) {
    return { current, newPassword: wanted.password };
  }
  throw badInput({ currentPassword: current.problem, newPassword: problem });
}
