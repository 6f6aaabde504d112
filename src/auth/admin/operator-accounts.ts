import { noClient } from "../../core/client-info.ts";
import { AuthError } from "../../core/errors.ts";
import type { Transaction } from "../../database/database.ts";
import { type Credentials, readChangedCredentials, readNewCredentials } from "../accounts/password/credentials.ts";
import { type AddressedAccount, lockAccountOfAddress } from "../accounts/registration/proof-store.ts";
import { deleteOneTimeTokensOf } from "../one-time/one-time-token-store.ts";
import type { CommonPasswords } from "../passwords/password-policy.ts";
import type { EndSessions } from "../sessions/ending/end-sessions.ts";
import { type Account, type AccountChanges, type AccountStore, changeAccount } from "../users/account-store.ts";
import { ADMIN_ROLE, lockAdmins } from "../users/admin-store.ts";
import { readEmailAddress } from "../users/email-addresses.ts";
import type { Transact, UnitOfWork } from "../work/unit-of-work.ts";
import { type DecidedBy, insertAdmin, type NewAdminParts, newAdmin, rolesChanged } from "./new-admin.ts";

export interface ChangedAccount {
  readonly account: Account;
  readonly endedSessions: number;
}

/** What whoever runs the server may do without signing in. All throw BAD_USER_INPUT, by the rules of registration. */
export interface OperatorAccounts {
  /** A new account. Throws EMAIL_TAKEN. */
  createAdmin(credentials: Credentials): Promise<Account>;
  /**
   * Gives an account the role, and a new password: a stranger may have registered it. Its address counts as verified. Ends its sessions.
   * Throws NOT_FOUND.
   */
  promoteToAdmin(credentials: Credentials): Promise<ChangedAccount>;
  /** Ends every session of the user. Throws NOT_FOUND. */
  setPassword(credentials: Credentials): Promise<ChangedAccount>;
  /** Notes that the locks of an account are lifted; whoever counts has to forget them. Throws NOT_FOUND. */
  unlock(email: string): Promise<Account>;
}

export interface OperatorAccountParts extends NewAdminParts {
  readonly store: AccountStore;
  readonly commonPasswords: CommonPasswords;
  readonly endSessions: EndSessions;
  readonly transact: Transact;
}

const decidedBy: DecidedBy = "operator";

export function createOperatorAccounts(parts: OperatorAccountParts): OperatorAccounts {
  const { store, passwords, commonPasswords, endSessions, transact } = parts;

  async function findUser(credentials: Credentials): Promise<{ emailKey: string; passwordHash: string }> {
    const { email, password } = readChangedCredentials(credentials, commonPasswords);
    if ((await store.findAccountForSignIn(email.key)) === undefined) throw new AuthError("NOT_FOUND", {});
    return { emailKey: email.key, passwordHash: await passwords.hash(password, null) };
  }

  async function change(unit: UnitOfWork, id: string, changes: AccountChanges): Promise<ChangedAccount> {
    const { tx, record } = unit;
    const account = await changeAccount(tx, id, changes);
    // Whatever was sent before: none of it is to replace what the operator has decided.
    await deleteOneTimeTokensOf(tx, id, ["VERIFY_EMAIL", "RESET_PASSWORD", "CHANGE_EMAIL"]);
    await record({ type: "PASSWORD_CHANGED", userId: id, detail: { by: decidedBy } });
    const endedSessions = await endSessions.end(unit, { account, actorId: null, endReason: "PASSWORD_CHANGED" });
    return { account, endedSessions };
  }

  return {
    async createAdmin(credentials) {
      const admin = readNewCredentials(credentials, commonPasswords);
      if ((await store.findAccountForSignIn(admin.email.key)) !== undefined) throw new AuthError("EMAIL_TAKEN", {});
      const account = await newAdmin(parts, admin);
      const isInserted = await transact(noClient, async (unit) => {
        await lockAdmins(unit.tx);
        return insertAdmin(unit, account, decidedBy);
      });
      if (!isInserted) throw new AuthError("EMAIL_TAKEN", {});
      return account;
    },
    async promoteToAdmin(credentials) {
      const { emailKey, passwordHash } = await findUser(credentials);
      return transact(noClient, async (unit) => {
        const { tx, record } = unit;
        await lockAdmins(tx);
        const { id, roles: before, erasureAt } = await lockUser(tx, emailKey);
        const roles = [...new Set([...before, ADMIN_ROLE])];
        if (!before.includes(ADMIN_ROLE)) await record(rolesChanged({ id, roles }, decidedBy));
        if (erasureAt !== null) await record({ type: "ACCOUNT_RESTORED", userId: id, detail: { by: decidedBy } });
        return change(unit, id, { roles, passwordHash, emailVerified: true, erasureAt: null });
      });
    },
    async setPassword(credentials) {
      const { emailKey, passwordHash } = await findUser(credentials);
      return transact(noClient, async (unit) => {
        const { id } = await lockUser(unit.tx, emailKey);
        return change(unit, id, { passwordHash });
      });
    },
    async unlock(typed) {
      const { email } = readEmailAddress(typed);
      const account = email && (await store.findAccountForSignIn(email.key));
      if (account === undefined) throw new AuthError("NOT_FOUND", {});
      await transact(noClient, ({ record }) => record({ type: "USER_UNLOCKED", userId: account.id, detail: { by: decidedBy } }));
      return account;
    },
  };
}

/** By the address, which may be another account's, or nobody's, once the password has been hashed. */
async function lockUser(tx: Transaction, emailKey: string): Promise<AddressedAccount> {
  const user = await lockAccountOfAddress(tx, emailKey);
  if (user === undefined) throw new AuthError("NOT_FOUND", {});
  return user;
}
