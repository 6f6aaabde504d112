import type { Database, Transaction } from "../../database/database.ts";
import type { Audit, Recorder } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { AuthError } from "../errors.ts";
import type { CommonPasswords } from "../passwords/password-policy.ts";
import type { Passwords } from "../passwords/passwords.ts";
import type { Random } from "../random.ts";
import type { EndSessions } from "../sessions/end-sessions.ts";
import { type Account, type AccountChanges, type AccountStore, changeAccount, insertAccount, lockAccount } from "./account-store.ts";
import { ADMIN_ROLE, hasAnyAdmin, lockAdmins } from "./admin-store.ts";
import { type Credentials, readNewCredentials } from "./credentials.ts";
import type { EmailAddress } from "./email-addresses.ts";
import { type NewAccount, newAccount } from "./new-account.ts";

export interface ChangedAccount {
  readonly account: Account;
  readonly endedSessions: number;
}

/** What whoever runs the server may do without signing in. All throw BAD_USER_INPUT, by the rules of registration. */
export interface OperatorAccounts {
  /**
   * A new account, or, where that is wanted, the one that has the address: it gets the role and the password, and its sessions
   * end, because a stranger may have registered it. Throws EMAIL_TAKEN otherwise.
   */
  createAdmin(credentials: Credentials, options: { ifTaken: "refuse" | "promote" }): Promise<ChangedAccount & { wasTaken: boolean }>;
  /** Only where nobody is an admin, not even a disabled one. Changes no account that exists. */
  createFirstAdmin(credentials: Credentials): Promise<"created" | "not_needed" | "address_taken">;
  /** Ends every session of the user. Throws NOT_FOUND. */
  setPassword(credentials: Credentials): Promise<ChangedAccount>;
}

export interface OperatorAccountParts {
  readonly database: Database;
  readonly store: AccountStore;
  readonly passwords: Pick<Passwords, "hash">;
  readonly commonPasswords: CommonPasswords;
  readonly endSessions: EndSessions;
  readonly audit: Audit;
  readonly clock: Clock;
  readonly random: Random;
}

/** Who decided: somebody at a shell, or the configuration at the start. No user of ours either way. */
type DecidedBy = "operator" | "configuration";

const nowhere = { ipAddress: null, userAgent: null };

export function createOperatorAccounts(parts: OperatorAccountParts): OperatorAccounts {
  const { database, store, passwords, commonPasswords, endSessions, audit, clock, random } = parts;

  async function newAdmin(email: EmailAddress, password: string): Promise<NewAccount> {
    const passwordHash = await passwords.hash(password);
    const now = clock();
    return newAccount({ id: random.id(now), email, passwordHash, roles: ["user", ADMIN_ROLE], createdAt: now, lastLoginAt: null });
  }

  async function replacePassword(tx: Transaction, record: Recorder, user: Account, changes: AccountChanges): Promise<ChangedAccount> {
    const account = await changeAccount(tx, user.id, changes);
    const ending = { account, actorId: null, endReason: "PASSWORD_CHANGED" } as const;
    // No server's memory is here to apply the revocation to: they hear of it as it commits.
    const { endedSessions } = await endSessions.end(tx, record, ending);
    await record({ type: "PASSWORD_CHANGED", userId: account.id, detail: { by: "operator" satisfies DecidedBy } });
    return { account, endedSessions };
  }

  async function promote(id: string, password: string): Promise<ChangedAccount> {
    const passwordHash = await passwords.hash(password);
    return audit.transaction(nowhere, async (tx, record) => {
      await lockAdmins(tx);
      const user = await lockAccount(tx, id);
      if (user === undefined) throw new AuthError("NOT_FOUND", {});
      const roles = [...new Set([...user.roles, ADMIN_ROLE])];
      if (!user.roles.includes(ADMIN_ROLE)) await record(rolesChanged({ id, roles }, "operator"));
      return replacePassword(tx, record, user, { roles, passwordHash });
    });
  }

  return {
    async createAdmin(credentials, { ifTaken }) {
      const { email, password } = readNewCredentials(credentials, commonPasswords);
      const known = await store.findAccountForSignIn(email.key);
      if (known !== undefined && ifTaken === "refuse") throw new AuthError("EMAIL_TAKEN", {});
      if (known !== undefined) return { ...(await promote(known.id, password)), wasTaken: true };
      const account = await newAdmin(email, password);
      const isInserted = await audit.transaction(nowhere, async (tx, record) => {
        await lockAdmins(tx);
        return insertAdmin(tx, record, account, "operator");
      });
      if (!isInserted) throw new AuthError("EMAIL_TAKEN", {});
      return { account, endedSessions: 0, wasTaken: false };
    },
    async createFirstAdmin(credentials) {
      // Before anything is judged or hashed: this is asked at every start, and what is not needed must not stop one.
      if (await hasAnyAdmin(database)) return "not_needed";
      const { email, password } = readNewCredentials(credentials, commonPasswords);
      const account = await newAdmin(email, password);
      return audit.transaction(nowhere, async (tx, record) => {
        await lockAdmins(tx);
        if (await hasAnyAdmin(tx)) return "not_needed";
        return (await insertAdmin(tx, record, account, "configuration")) ? "created" : "address_taken";
      });
    },
    async setPassword(credentials) {
      const { email, password } = readNewCredentials(credentials, commonPasswords);
      const known = await store.findAccountForSignIn(email.key);
      if (known === undefined) throw new AuthError("NOT_FOUND", {});
      const passwordHash = await passwords.hash(password);
      return audit.transaction(nowhere, async (tx, record) => {
        const user = await lockAccount(tx, known.id);
        if (user === undefined) throw new AuthError("NOT_FOUND", {});
        return replacePassword(tx, record, user, { passwordHash });
      });
    },
  };
}

/** False where the address is taken. */
async function insertAdmin(tx: Transaction, record: Recorder, account: NewAccount, by: DecidedBy): Promise<boolean> {
  if (!(await insertAccount(tx, account))) return false;
  await record({ type: "REGISTERED", userId: account.id, detail: { by } }, rolesChanged(account, by));
  return true;
}

function rolesChanged({ id, roles }: Pick<Account, "id" | "roles">, by: DecidedBy) {
  return { type: "ROLES_CHANGED", userId: id, detail: { by, roles } } as const;
}
