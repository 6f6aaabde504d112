import { AuthError } from "../../../core/errors.ts";
import type { Transaction } from "../../../database/database.ts";
import type { ProvenAddress } from "../../one-time/one-time-tokens.ts";
import { type Account, type AccountChanges, changeAccount } from "../../users/account-store.ts";
import { replaceAddress } from "../../users/email-address-store.ts";

/**
 * Gives a locked user an address that has been proven, and raises the version. Throws EMAIL_TAKEN, which rolls everything back, where it is
 * another account's or reserved for one.
 */
export async function changeAddress(
  tx: Transaction,
  id: string,
  { proves, now, ...changes }: { proves: ProvenAddress; now: Date } & AccountChanges,
): Promise<Account> {
  if (!(await replaceAddress(tx, { emailKey: proves.emailKey, userId: id, now }))) throw new AuthError("EMAIL_TAKEN", {});
  return changeAccount(tx, id, { ...changes, ...proves, emailVerified: true });
}
