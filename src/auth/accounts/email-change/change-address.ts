import { AuthError } from "../../../core/errors.ts";
import type { Transaction } from "../../../database/database.ts";
import { isUniqueViolation } from "../../../database/unique-violation.ts";
import type { ProvenAddress } from "../../one-time/one-time-tokens.ts";
import { type Account, type AccountChanges, changeAccount, isAddressTaken } from "../../users/account-store.ts";

/** The name that the migration gave it. */
const ADDRESS_CONSTRAINT = "users_email_key_unique";

/**
 * Gives a locked user an address that has been proven, and raises the version. Throws EMAIL_TAKEN, which rolls everything back, where it is
 * another account's or reserved for one. Asked afterwards, in a statement of its own: whoever gave the address up, and reserved it in the
 * same transaction, may have been waited for.
 */
export async function changeAddress(
  tx: Transaction,
  id: string,
  { proves, now, ...changes }: { proves: ProvenAddress; now: Date } & AccountChanges,
): Promise<Account> {
  const account = await changeAccount(tx, id, { ...changes, ...proves, emailVerified: true }).catch(asTaken);
  if (await isAddressTaken(tx, { emailKey: proves.emailKey, exceptUserId: id, now })) throw new AuthError("EMAIL_TAKEN", {});
  return account;
}

function asTaken(error: unknown): never {
  if (isUniqueViolation(error, ADDRESS_CONSTRAINT)) throw new AuthError("EMAIL_TAKEN", {}, { cause: error });
  throw error;
}
