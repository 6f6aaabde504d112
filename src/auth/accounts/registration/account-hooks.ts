import type { AskForClaims, CustomClaimValues } from "../../tokens/custom-claims.ts";
import type { Account } from "../../users/account-store.ts";

/** Somebody who wants an account. */
export interface Newcomer {
  /** As typed. */
  readonly email: string;
  /** What addresses are compared by. */
  readonly emailKey: string;
  readonly ipAddress: string | null;
  readonly userAgent: string | null;
}

/** What the operator's own code decides, where there is any. All throw SERVICE_UNAVAILABLE where it gives no answer that can be used. */
export interface AccountHooks {
  readonly claims?: (account: Account) => Promise<CustomClaimValues>;
  /** The roles of the new account. Throws REGISTRATION_REFUSED. */
  readonly beforeRegister?: (newcomer: Newcomer) => Promise<readonly string[]>;
}

/** Before anything tells whether the address is known. Throws as `beforeRegister` does. */
export async function rolesOfNewcomer(newcomer: Newcomer, { beforeRegister }: AccountHooks): Promise<readonly string[]> {
  return beforeRegister === undefined ? ["user"] : beforeRegister(newcomer);
}

export function createAskForClaims({ claims }: Pick<AccountHooks, "claims">): AskForClaims {
  return claims && (async (account) => ({ values: await claims(account), version: account.version }));
}
