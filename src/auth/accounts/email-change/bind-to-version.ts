import { sha256 } from "../../../core/sha256.ts";
import type { Account } from "../../users/account-store.ts";

/**
 * What the token of a change of address is bound to: one that was asked for before the password, the roles or the address changed, or
 * every session was ended, is void. Whoever all that was to throw out may have asked for it.
 */
export function bindToVersion({ version }: Pick<Account, "version">): Buffer {
  return sha256(`version ${version}`);
}
