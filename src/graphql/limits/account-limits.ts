import {
  CODE_TRIES_PER_ACCOUNT,
  CODE_TRIES_PER_DOMAIN,
  FAILED_LOGINS_PER_ACCOUNT,
  MESSAGES_PER_ADDRESS,
  SIGN_INS_PER_ACCOUNT,
} from "../../auth/limits/default-limits.ts";
import type { RateLimit } from "../../auth/limits/rate-limits.ts";
import { readEmailAddress } from "../../auth/users/email-addresses.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { type RequestContext, viewerOf } from "../context.ts";
import { accountKey, domainOf, givesArgument, hasArgument, textArgument } from "./identity.ts";

/** What is counted together for one account or domain, whoever calls: the names that an operator changes them by. */
export const accountLimitDefaults = {
  failedLoginsPerAccount: FAILED_LOGINS_PER_ACCOUNT,
  signInsPerAccount: SIGN_INS_PER_ACCOUNT,
  codeTriesPerAccount: CODE_TRIES_PER_ACCOUNT,
  codeTriesPerDomain: CODE_TRIES_PER_DOMAIN,
  messagesPerAddress: MESSAGES_PER_ADDRESS,
} as const satisfies Readonly<Record<string, RateLimit>>;

export type AccountLimitName = keyof typeof accountLimitDefaults;

type Arguments = Readonly<Record<string, unknown>>;
type SubjectOf = (args: Arguments, context: RequestContext) => string | undefined | Promise<string | undefined>;

export interface AccountCount {
  readonly name: AccountLimitName;
  /** Undefined where the call is about nobody, or does not count. */
  readonly subjectOf: SubjectOf;
  /** Only what ends like this counts: all else is given back. Absent: whatever it ends in. */
  readonly countsOnly?: ErrorCode | "success";
}

const byEmail = (args: Arguments) => accountKey(args);
/** Of two ways to prove something only the code can be guessed. */
const byViewerOfCode: SubjectOf = (args, context) => (hasArgument(args, "input.code") ? viewerOf(context)?.userId : undefined);

/** Only guesses count: whoever has no attempt of a code that may still be tried is refused without it, and shuts nobody's account or domain. */
const byEmailOfCode = async (args: Arguments, { auth }: RequestContext): Promise<string | undefined> => {
  const emailKey = hasArgument(args, "input.code") ? accountKey(args) : undefined;
  const attempt = textArgument(args, "input.attempt");
  if (emailKey === undefined || attempt === undefined) return undefined;
  return (await auth.mailedProofs.isTry({ emailKey, attempt })) ? emailKey : undefined;
};
const byDomainOfCode: SubjectOf = async (args, context) => domainOf(await byEmailOfCode(args, context));

/** That of the address which waits for its proof, and whose code may still be tried: the call does not name it. */
const byWantedDomainOfCode: SubjectOf = async (args, context) => {
  const userId = hasArgument(args, "input.code") ? viewerOf(context)?.userId : undefined;
  return userId === undefined ? undefined : domainOf(await context.auth.accountLife.findWantedAddress(userId));
};

/** The same account as `login` counts for: its address is in the access token. */
const byViewerOfPassword =
  (path: string): SubjectOf =>
  (args, context) => {
    const email = givesArgument(args, path) ? viewerOf(context)?.email : undefined;
    return email === undefined ? undefined : accountKey({ email }, "email");
  };

/**
 * Registering has something sent to known addresses only where they have to be proven. Counted by itself, so that having messages sent to an
 * address keeps nobody from registering with it.
 */
const byEmailOfRegistration: SubjectOf = (args, { auth }) => {
  const account = auth.accounts.mustVerify ? accountKey(args) : undefined;
  return account && `registration ${account}`;
};

const wrongPasswords = (subjectOf: SubjectOf): AccountCount => ({
  name: "failedLoginsPerAccount",
  subjectOf,
  countsOnly: "INVALID_CREDENTIALS",
});
const signIns = (subjectOf: SubjectOf): AccountCount => ({ name: "signInsPerAccount", subjectOf, countsOnly: "success" });
const codes = (subjectOf: SubjectOf): AccountCount => ({ name: "codeTriesPerAccount", subjectOf, countsOnly: "INVALID_ONE_TIME_TOKEN" });
const codesOfDomain = (subjectOf: SubjectOf): AccountCount => ({ ...codes(subjectOf), name: "codeTriesPerDomain" });
const messages = (subjectOf: SubjectOf): AccountCount => ({ name: "messagesPerAddress", subjectOf });

/** The fields that count for an account beside their caller. Fields of one name are counted together. */
const counts: ReadonlyMap<string, readonly AccountCount[]> = new Map([
  ["Mutation.login", [wrongPasswords(byEmail), signIns(byEmail)]],
  ["Mutation.changePassword", [wrongPasswords(byViewerOfPassword("input.currentPassword"))]],
  ["Mutation.deleteAccount", [wrongPasswords(byViewerOfPassword("input.password"))]],
  ["Mutation.verifyEmail", [codes(byEmailOfCode), codesOfDomain(byDomainOfCode)]],
  ["Mutation.confirmEmailChange", [codes(byViewerOfCode), codesOfDomain(byWantedDomainOfCode)]],
  ["Mutation.register", [messages(byEmailOfRegistration)]],
  [
    "Mutation.requestEmailChange",
    [wrongPasswords(byViewerOfPassword("input.password")), messages((args) => accountKey(args, "input.newEmail"))],
  ],
  ["Mutation.requestEmailVerification", [messages(byEmail)]],
  ["Mutation.requestPasswordReset", [messages(byEmail)]],
]);

/** How a field counts for accounts; nothing for most. */
export function accountCountsOf(coordinate: string): readonly AccountCount[] {
  return counts.get(coordinate) ?? [];
}

/** Under which everything is counted that can shut an account: passwords, sign-ins, codes, messages. */
export function keysOfAccount({ id, email }: { readonly id: string; readonly email: string }): string[] {
  const address = readEmailAddress(email).email?.key ?? email.toLowerCase();
  const counted = [address, `registration ${address}`, id];
  return Object.keys(accountLimitDefaults).flatMap((name) => counted.map((account) => `${name} ${account}`));
}
