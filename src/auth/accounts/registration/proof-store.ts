import { eq } from "drizzle-orm";
import type { Transaction } from "../../../database/database.ts";
import { users } from "../../../database/tables/users.ts";
import { type Account, type AccountWithPassword, accountColumns, hasAddress } from "../../users/account-store.ts";

/** An account, with what its address is compared by. */
export interface AddressedAccount extends AccountWithPassword {
  readonly emailKey: string;
}

const columns = { ...accountColumns, passwordHash: users.passwordHash, emailKey: users.emailKey };

/** Locks the row until the transaction ends. */
export async function lockAccountOfAddress(tx: Transaction, emailKey: string): Promise<AddressedAccount | undefined> {
  const rows = await tx.select(columns).from(users).where(hasAddress(emailKey)).for("update");
  return rows[0];
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
