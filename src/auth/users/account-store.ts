import { and, eq, type Placeholder, type SQL, sql } from "drizzle-orm";
import { NIL as NOBODY } from "uuid";
import type { Database, Transaction } from "../../database/database.ts";
import { emailAddresses } from "../../database/tables/email-addresses.ts";
import { users } from "../../database/tables/users.ts";

export type UserStatus = "ACTIVE" | "DISABLED";

/** A user, without what only sign-in may see. */
export interface Account {
  readonly id: string;
  readonly email: string;
  readonly emailVerified: boolean;
  readonly roles: readonly string[];
  readonly status: UserStatus;
  readonly version: number;
  readonly createdAt: Date;
  readonly lastLoginAt: Date | null;
  /** When it is to be erased, on its user's own word. None of its sessions lives then. */
  readonly erasureAt: Date | null;
}

export interface AccountWithPassword extends Account {
  readonly passwordHash: string;
}

export const accountColumns = {
  id: users.id,
  email: users.email,
  emailVerified: users.emailVerified,
  roles: users.roles,
  status: users.status,
  version: users.version,
  createdAt: users.createdAt,
  lastLoginAt: users.lastLoginAt,
  erasureAt: users.erasureAt,
};

/**
 * What, once it has changed, makes access tokens issued before it out of date; `emailVerified` and `erasureAt` only come with one of the
 * others, or with the end of sessions.
 */
export type AccountChanges = Partial<
  Pick<AccountWithPassword, "email" | "emailVerified" | "roles" | "status" | "passwordHash" | "erasureAt"> & { emailKey: string }
>;

/** Of `users`: who has an address. By the user's own row as well, so that it is looked at again once it has been waited for. */
export function hasAddress(emailKey: string | Placeholder): SQL {
  return sql`${users.id} = (
    select user_id from ${emailAddresses} where ${emailAddresses.emailKey} = ${emailKey} and ${emailAddresses.state} = 'ACCOUNT')
    and ${users.emailKey} = ${emailKey}`;
}

/** The account that has an address: for tables that are spread, where the directory of addresses and the user are at two nodes. */
export function selectOwner(connection: Database | Transaction, emailKey: string | Placeholder) {
  return connection
    .select({ userId: emailAddresses.userId })
    .from(emailAddresses)
    .where(and(eq(emailAddresses.emailKey, emailKey), eq(emailAddresses.state, "ACCOUNT")));
}

const columnsWithPassword = { ...accountColumns, passwordHash: users.passwordHash };

export interface AccountStore {
  findAccount(id: string): Promise<Account | undefined>;
  /** Those that exist, in no order. */
  findAccounts(ids: readonly string[]): Promise<Account[]>;
  findAccountForSignIn(emailKey: string): Promise<AccountWithPassword | undefined>;
  findAccountWithPassword(id: string): Promise<AccountWithPassword | undefined>;
}

/** The statements outside transactions, prepared once: an unprepared one costs a second round trip. */
export function createAccountStore(database: Database): AccountStore {
  const byId = database
    .select(accountColumns)
    .from(users)
    .where(eq(users.id, sql.placeholder("id")))
    .prepare("find_account");
  const byIds = database
    .select(accountColumns)
    .from(users)
    .where(sql`${users.id} = any(${sql.placeholder("ids")}::uuid[])`)
    .prepare("find_accounts");
  const byEmailKey = database
    .select(columnsWithPassword)
    .from(users)
    .where(hasAddress(sql.placeholder("emailKey")))
    .prepare("find_account_for_sign_in");
  const ownerOf = selectOwner(database, sql.placeholder("emailKey")).prepare("find_owner_of_address");
  const byOwner = database
    .select(columnsWithPassword)
    .from(users)
    .where(and(eq(users.id, sql.placeholder("id")), eq(users.emailKey, sql.placeholder("emailKey"))))
    .prepare("find_account_of_owner");
  const withPassword = database
    .select(columnsWithPassword)
    .from(users)
    .where(eq(users.id, sql.placeholder("id")))
    .prepare("find_account_with_password");
  return {
    findAccount: async (id) => (await byId.execute({ id }))[0],
    findAccounts: async (ids) => await byIds.execute({ ids }),
    async findAccountForSignIn(emailKey) {
      if (!(await database.$isSpread())) return (await byEmailKey.execute({ emailKey }))[0];
      const [owner] = await ownerOf.execute({ emailKey });
      // Asked also where nobody has the address: it must not be told from one that somebody has by how long that takes.
      return (await byOwner.execute({ id: owner?.userId ?? NOBODY, emailKey }))[0];
    },
    findAccountWithPassword: async (id) => (await withPassword.execute({ id }))[0],
  };
}

/** The same password, hashed otherwise: no new version. Does nothing where another hash has taken the place of `from` meanwhile. */
export async function replacePasswordHash(database: Database, { id, from, to }: { id: string; from: string; to: string }): Promise<void> {
  await database
    .update(users)
    .set({ passwordHash: to })
    .where(and(eq(users.id, id), eq(users.passwordHash, from)));
}

/** Locks the row until the transaction ends. Users are locked before sessions, everywhere, so that nobody waits in a circle. */
export async function lockAccount(tx: Transaction, id: string): Promise<AccountWithPassword | undefined> {
  const rows = await tx.select(columnsWithPassword).from(users).where(eq(users.id, id)).for("update");
  return rows[0];
}

/** Takes an erasure back that was asked for. The version stays: there is no access token that it could be about. */
export async function noteRestoringSignIn(tx: Transaction, id: string, now: Date): Promise<Account> {
  return theOnly(await tx.update(users).set({ erasureAt: null, lastLoginAt: now }).where(eq(users.id, id)).returning(accountColumns));
}

/** Nobody locks, changes or erases it until the transaction ends; others may hold it as well. As every user: before its sessions. */
export async function holdAccount(tx: Transaction, id: string): Promise<Account | undefined> {
  return (await tx.select(accountColumns).from(users).where(eq(users.id, id)).for("key share"))[0];
}

/** Changes a locked user and raises the version: every access token issued before is to be revoked in the same transaction. */
export async function changeAccount(tx: Transaction, id: string, { roles, ...changes }: AccountChanges): Promise<Account> {
  const rows = await tx
    .update(users)
    .set({ ...changes, ...(roles === undefined ? {} : { roles: [...roles] }), version: sql`${users.version} + 1` })
    .where(eq(users.id, id))
    .returning(accountColumns);
  return theOnly(rows);
}

function theOnly([account]: readonly Account[]): Account {
  if (account === undefined) throw new Error("A locked user has gone.");
  return account;
}
