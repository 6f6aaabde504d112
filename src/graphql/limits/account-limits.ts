import { readEmailAddress } from "../../auth/accounts/email-addresses.ts";
import { CODE_TRIES_PER_ACCOUNT, FAILED_LOGINS_PER_ACCOUNT, MESSAGES_PER_ADDRESS } from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { accountKey, hasArgument } from "./identity.ts";

/** What is counted together for one account, whoever calls: the names that an operator changes them by. */
export const accountLimitDefaults = {
  failedLoginsPerAccount: FAILED_LOGINS_PER_ACCOUNT,
  codeTriesPerAccount: CODE_TRIES_PER_ACCOUNT,
  messagesPerAddress: MESSAGES_PER_ADDRESS,
} as const satisfies Readonly<Record<string, RateLimit>>;

export type AccountLimitName = keyof typeof accountLimitDefaults;

type Arguments = Readonly<Record<string, unknown>>;

export interface AccountCount {
  readonly name: AccountLimitName;
  /** Undefined where the call is about no account, or does not count. */
  accountOf(args: Arguments, context: RequestContext): string | undefined;
}

const byEmail = (args: Arguments) => accountKey(args);
/** Of two ways to prove something only the code can be guessed. */
const byViewerOfCode: AccountCount["accountOf"] = (args, context) =>
  hasArgument(args, "input.code") ? viewerOf(context)?.userId : undefined;
const byEmailOfCode = (args: Arguments) => (hasArgument(args, "input.code") ? accountKey(args) : undefined);

/**
 * Registering has something sent to known addresses only where they have to be proven. Counted by itself, so that having messages sent to an
 * address keeps nobody from registering with it.
 */
const byEmailOfRegistration: AccountCount["accountOf"] = (args, { auth }) => {
  const account = auth.accounts.mustVerify ? accountKey(args) : undefined;
  return account && `registration ${account}`;
};

/** The fields that count for an account beside their caller. Fields of one name are counted together. */
const counts: ReadonlyMap<string, AccountCount> = new Map<string, AccountCount>([
  ["Mutation.login", { name: "failedLoginsPerAccount", accountOf: byEmail }],
  ["Mutation.verifyEmail", { name: "codeTriesPerAccount", accountOf: byEmailOfCode }],
  ["Mutation.register", { name: "messagesPerAddress", accountOf: byEmailOfRegistration }],
  ["Mutation.confirmEmailChange", { name: "codeTriesPerAccount", accountOf: byViewerOfCode }],
  ["Mutation.requestEmailChange", { name: "messagesPerAddress", accountOf: (args) => accountKey(args, "input.newEmail") }],
  ["Mutation.requestEmailVerification", { name: "messagesPerAddress", accountOf: byEmail }],
  ["Mutation.requestPasswordReset", { name: "messagesPerAddress", accountOf: byEmail }],
]);

/** How a field counts for accounts; undefined for most. */
export function accountCountOf(coordinate: string): AccountCount | undefined {
  return counts.get(coordinate);
}

/** Under which everything is counted that can shut an account: wrong passwords, codes, messages. */
export function keysOfAccount({ id, email }: { readonly id: string; readonly email: string }): string[] {
  const address = readEmailAddress(email).email?.key ?? email.toLowerCase();
  const counted = [address, `registration ${address}`, id];
  return Object.keys(accountLimitDefaults).flatMap((name) => counted.map((account) => `${name} ${account}`));
}
