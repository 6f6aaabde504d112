import { accountLimitDefaults } from "../../auth/limits/default-limits.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";

/** Under which everything is counted that can shut an account: passwords, sign-ins, codes, messages. */
export function keysOfAccount({ id, email }: { readonly id: string; readonly email: string }): string[] {
  const address = readEmailAddress(email).email?.key ?? email.toLowerCase();
  const counted = [address, `registration ${address}`, id];
  return Object.keys(accountLimitDefaults).flatMap((name) => counted.map((account) => `${name} ${account}`));
}
