import type { EmailAddress } from "../../users/email-addresses.ts";
import type { NewAccount } from "../../users/new-account-store.ts";

export interface NewAccountFacts {
  readonly id: string;
  readonly email: EmailAddress;
  readonly passwordHash: string;
  readonly roles: readonly string[];
  readonly createdAt: Date;
  /** Null where making the account does not sign anybody in. */
  readonly lastLoginAt: Date | null;
  /** Absent: nobody has proven or vouched for the address. */
  readonly emailVerified?: true;
}

export function newAccount({ email, emailVerified, ...facts }: NewAccountFacts): NewAccount {
  const { address, key } = email;
  return { ...facts, email: address, emailKey: key, emailVerified: emailVerified === true, status: "ACTIVE", version: 1, erasureAt: null };
}
