import type { OperatorAccounts } from "../../auth/admin/operator-accounts.ts";
import { createOperator, type Operator } from "../../auth/operator.ts";
import { AuthError, type ErrorCode } from "../../core/errors.ts";
import { describeInputProblems } from "../../start/describe-input-problems.ts";
import { createHashing } from "../../start/hashing.ts";
import { serviceNamesOf } from "../../start/service-names.ts";
import { CommandError } from "./command-error.ts";
import { count } from "./count.ts";
import { type OperatorOptions, type OperatorSession, withOperatorSession } from "./operator-session.ts";

/** Works on the accounts of the configured database; refusals are told in an operator's words. */
export async function withAccounts<Result>(
  work: (accounts: OperatorAccounts) => Promise<Result>,
  options?: OperatorOptions,
): Promise<Result> {
  return withOperator(({ accounts }) => work(accounts), options).catch(explainRefusal);
}

export function withOperator<Result>(
  work: (operator: Operator, session: OperatorSession) => Promise<Result>,
  options?: OperatorOptions,
): Promise<Result> {
  return withOperatorSession(async (session) => {
    const { config } = session;
    const hashing = await createHashing(config.hashing);
    return work(createOperator({ ...session, hashing }, { ...config.tokens, serviceNames: serviceNamesOf(config) }), session);
  }, options);
}

/** A refusal of the domain, in an operator's words. */
export function explainRefusal(error: unknown): never {
  const problems = describeInputProblems(error, { email: "EMAIL", password: "The password" });
  if (problems !== undefined) throw new CommandError(problems);
  const code: ErrorCode | undefined = error instanceof AuthError ? error.code : undefined;
  const refusal = code === undefined ? undefined : refusals[code];
  throw refusal === undefined ? error : new CommandError(refusal);
}

const refusals: Partial<Record<ErrorCode, string>> = {
  NOT_FOUND: "No account has this e-mail address.",
  EMAIL_TAKEN:
    "An account has this e-mail address already, and a stranger may have registered it. If it is the right person's, " +
    "add --promote: it becomes an admin with this new password, and its sessions end.",
};

export function countSessions(sessions: number): string {
  return count(sessions, "session");
}

/** A new password does not enable an account. */
export function noteIfDisabled(status: string): string {
  return status === "DISABLED" ? " The account is disabled: nobody can sign in to it until an admin enables it." : "";
}
