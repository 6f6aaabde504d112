import { type RequestContext, viewerOf } from "../context.ts";
import { registrationWith } from "../policies/account-limits.ts";
import type { AccountSubject } from "../policies/root-policies.ts";
import { accountKey, domainOf, givesArgument, hasArgument, textArgument } from "./arguments.ts";

type Arguments = Readonly<Record<string, unknown>>;
type FindSubject = (args: Arguments, context: RequestContext) => string | undefined | Promise<string | undefined>;

/** The account or domain that a call is counted for. Undefined where it is about nobody, or does not count. */
export function findSubject(subject: AccountSubject, args: Arguments, context: RequestContext): ReturnType<FindSubject> {
  return subjectOf(subject).find(args, context);
}

/** The arguments that it is found by, as paths: where a field does not have them, its calls count for nobody. */
export function argumentsOf(subject: AccountSubject): readonly string[] {
  return subjectOf(subject).paths;
}

interface Subject {
  readonly paths: readonly string[];
  readonly find: FindSubject;
}

function subjectOf(subject: AccountSubject): Subject {
  return typeof subject === "string" ? subjects[subject] : { paths: [subject.viewerWith], find: viewerWith(subject.viewerWith) };
}

/** Finds the account that `login` counts for: its address is in the access token. */
function viewerWith(path: string): FindSubject {
  return (args, context) => {
    const email = givesArgument(args, path) ? viewerOf(context)?.email : undefined;
    return email === undefined ? undefined : accountKey({ email }, "email");
  };
}

/** Only guesses count. A call without an attempt that is still open is refused anyway, and must shut nobody's account or domain. */
async function emailWithCode(args: Arguments, { auth }: RequestContext): Promise<string | undefined> {
  const emailKey = hasArgument(args, "input.code") ? accountKey(args) : undefined;
  const attempt = textArgument(args, "input.attempt");
  if (emailKey === undefined || attempt === undefined) return undefined;
  return (await auth.mailedProofs.isTry({ emailKey, attempt })) ? emailKey : undefined;
}

/** That of the address which waits for its proof, and whose code may still be tried: the call does not name it. */
async function wantedDomainWithCode(args: Arguments, context: RequestContext): Promise<string | undefined> {
  const userId = hasArgument(args, "input.code") ? viewerOf(context)?.userId : undefined;
  return userId === undefined ? undefined : domainOf(await context.auth.accountLife.findWantedAddress(userId));
}

/**
 * Registering has something sent to known addresses only where they have to be proven. Counted by itself, so that having messages sent to
 * an address keeps nobody from registering with it.
 */
function registration(args: Arguments, { auth }: RequestContext): string | undefined {
  const account = auth.accounts.mustVerify ? accountKey(args) : undefined;
  return account && registrationWith(account);
}

const code = ["input.code"];
const codeOfEmail = ["input.email", "input.code", "input.attempt"];

const subjects: Readonly<Record<Extract<AccountSubject, string>, Subject>> = {
  email: { paths: ["input.email"], find: (args) => accountKey(args) },
  newEmail: { paths: ["input.newEmail"], find: (args) => accountKey(args, "input.newEmail") },
  registration: { paths: ["input.email"], find: registration },
  viewerWithCode: { paths: code, find: (args, context) => (hasArgument(args, "input.code") ? viewerOf(context)?.userId : undefined) },
  emailWithCode: { paths: codeOfEmail, find: emailWithCode },
  domainWithCode: { paths: codeOfEmail, find: async (args, context) => domainOf(await emailWithCode(args, context)) },
  wantedDomainWithCode: { paths: code, find: wantedDomainWithCode },
};
