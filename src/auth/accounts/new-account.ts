import type { AccountWithPassword } from "./account-store.ts";
import type { EmailAddress } from "./email-addresses.ts";

export type NewAccount = AccountWithPassword & { readonly emailKey: string };

export interface NewAccountFacts {
  readonly id: string;
  readonly email: EmailAddress;
  readonly passwordHash: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  /** Null where making the account does not sign anybody in. */
  readonly lastLoginAt: Date | null;
}

export function newAccount({ email, ...facts }: NewAccountFacts): NewAccount {
  return { ...facts, email: email.address, emailKey: email.key, emailVerified: false, status: "ACTIVE", version: 1, erasureAt: null };
}
