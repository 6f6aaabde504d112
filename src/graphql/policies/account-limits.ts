import {
  CODE_TRIES_PER_ACCOUNT,
  CODE_TRIES_PER_DOMAIN,
  FAILED_LOGINS_PER_ACCOUNT,
  MESSAGES_PER_ADDRESS,
  SIGN_INS_PER_ACCOUNT,
} from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";

/** What is counted together for one account or domain, whoever calls: the names that an operator changes them by. */
export const accountLimitDefaults = {
  failedLoginsPerAccount: FAILED_LOGINS_PER_ACCOUNT,
  signInsPerAccount: SIGN_INS_PER_ACCOUNT,
  codeTriesPerAccount: CODE_TRIES_PER_ACCOUNT,
  codeTriesPerDomain: CODE_TRIES_PER_DOMAIN,
  messagesPerAddress: MESSAGES_PER_ADDRESS,
} as const satisfies Readonly<Record<string, RateLimit>>;

export type AccountLimitName = keyof typeof accountLimitDefaults;
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
