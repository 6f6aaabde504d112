import { AuthError } from "../../core/errors.ts";
import type { Transaction } from "../../database/database.ts";
import type { Account } from "./account-store.ts";
import { ADMIN_ROLE, countActiveAdmins } from "./admin-store.ts";

/** To be called under `lockAdmins`, for a user who is about to be an admin no longer. Throws LAST_ADMIN where that would leave none. */
export async function keepAnAdmin(tx: Transaction, user: Account): Promise<void> {
  const counts = user.status === "ACTIVE" && user.roles.includes(ADMIN_ROLE);
  if (counts && (await countActiveAdmins(tx, user.id)) === 0) throw new AuthError("LAST_ADMIN", {});
}
