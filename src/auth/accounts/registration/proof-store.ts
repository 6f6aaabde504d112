import { and, eq, type SQL } from "drizzle-orm";
import { NIL as NOBODY } from "uuid";
import type { Transaction } from "../../../database/database.ts";
import { users } from "../../../database/tables/users.ts";
import { type Account, type AccountWithPassword, accountColumns, hasAddress, selectOwner } from "../../users/account-store.ts";

/** An account, with what its address is compared by. */
export interface AddressedAccount extends AccountWithPassword {
  readonly emailKey: string;
}

const columns = { ...accountColumns, passwordHash: users.passwordHash, emailKey: users.emailKey };

/** Locks the row until the transaction ends. */
export async function lockAccountOfAddress(tx: Transaction, emailKey: string): Promise<AddressedAccount | undefined> {
  const rows = await tx
    .select(columns)
    .from(users)
    .where(await isOwner(tx, emailKey))
    .for("update");
  return rows[0];
}

/**
 * By the directory in the same statement, or, of tables that are spread, before it: there, what is locked has to be at one node. Then that
 * is asked also where nobody has the address, which must not be told from one that somebody has by how long it takes.
 */
async function isOwner(tx: Transaction, emailKey: string): Promise<SQL | undefined> {
  if (!(await tx.$isSpread())) return hasAddress(emailKey);
  const [owner] = await selectOwner(tx, emailKey);
  return and(eq(users.id, owner?.userId ?? NOBODY), eq(users.emailKey, emailKey));
}

/** Locks the row until the transaction ends. */
export async function lockAddressedAccount(tx: Transaction, id: string): Promise<AddressedAccount | undefined> {
  const rows = await tx.select(columns).from(users).where(eq(users.id, id)).for("update");
  return rows[0];
}

/** Of a locked user. No access token says anything of it, so the version stays. */
export async function markEmailVerified(tx: Transaction, { id }: Pick<Account, "id">): Promise<void> {
  await tx.update(users).set({ emailVerified: true }).where(eq(users.id, id));
}
