import { type AccountLimitName, accountLimitDefaults } from "../../auth/limits/default-limits.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";

const accountLimitNames = Object.keys(accountLimitDefaults) as AccountLimitName[];

/** Under which the calls about one account or domain are counted for a limit. */
export function accountCountKey(name: AccountLimitName, account: string): string {
  return `${name} ${account}`;
}

/** The account of that address, for what only registering counts for. */
export function registrationWith(emailKey: string): string {
  return `registration ${emailKey}`;
}

/** Under which everything is counted that can shut an account: passwords, sign-ins, codes, messages. */
export function keysOfAccount({ id, email }: { readonly id: string; readonly email: string }): string[] {
  const address = readEmailAddress(email).email?.key ?? email.toLowerCase();
  const counted = [address, registrationWith(address), id];
  return accountLimitNames.flatMap((name) => counted.map((account) => accountCountKey(name, account)));
}
