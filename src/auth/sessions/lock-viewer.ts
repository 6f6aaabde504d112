import { AuthError } from "../../core/errors.ts";
import type { Transaction } from "../../database/database.ts";
import type { Revocable } from "../revocations/revocation.ts";
import { type AccountWithPassword, lockAccount } from "../users/account-store.ts";
import { lockSession } from "./session-store.ts";

/**
 * Judges an access token once more, against the rows themselves, and keeps them as they are until the transaction ends: what
 * gives power or takes it away must not be done by a token that was revoked while the request was under way.
 * Throws UNAUTHENTICATED (`revoked`).
 */
export async function lockViewer(tx: Transaction, viewer: Revocable): Promise<AccountWithPassword> {
  const account = await lockAccount(tx, viewer.userId);
  const session = await lockSession(tx, { userId: viewer.userId, id: viewer.sessionId });
  const isCurrent = account !== undefined && account.status === "ACTIVE" && account.version <= viewer.version;
  if (!isCurrent || session === undefined || session.endedAt !== null) {
    throw new AuthError("UNAUTHENTICATED", { reason: "revoked" });
  }
  return account;
}
