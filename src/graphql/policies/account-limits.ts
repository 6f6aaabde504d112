import {
  CODE_TRIES_PER_ACCOUNT,
  CODE_TRIES_PER_DOMAIN,
  FAILED_LOGINS_PER_ACCOUNT,
  MESSAGES_PER_ADDRESS,
  SIGN_INS_PER_ACCOUNT,
} from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";

/** The default limits for one account or domain, whoever calls, by the names under which an operator changes them. */
export const accountLimitDefaults = {
  failedLoginsPerAccount: FAILED_LOGINS_PER_ACCOUNT,
  signInsPerAccount: SIGN_INS_PER_ACCOUNT,
  codeTriesPerAccount: CODE_TRIES_PER_ACCOUNT,
  codeTriesPerDomain: CODE_TRIES_PER_DOMAIN,
  messagesPerAddress: MESSAGES_PER_ADDRESS,
} as const satisfies Readonly<Record<string, RateLimit>>;

export type AccountLimitName = keyof typeof accountLimitDefaults;

/** Under which everything is counted that can shut an account: passwords, sign-ins, codes, messages. */
export function keysOfAccount({ id, email }: { readonly id: string; readonly email: string }): string[] {
  const address = readEmailAddress(email).email?.key ?? email.toLowerCase();
  const counted = [address, `registration ${address}`, id];
  return Object.keys(accountLimitDefaults).flatMap((name) => counted.map((account) => `${name} ${account}`));
}
