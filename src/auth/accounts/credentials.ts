import { badInput } from "../input-problems.ts";
import { type CommonPasswords, newPasswordProblem, readPassword, type TypedPassword } from "../passwords/password-policy.ts";
import { type EmailAddress, readEmailAddress } from "./email-addresses.ts";

/** As typed. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface ReadCredentials extends TypedPassword {
  readonly email: EmailAddress;
}

/** Those of somebody who signs in. Throws BAD_USER_INPUT. */
export function readCredentials(credentials: Credentials): ReadCredentials {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { problem: passwordProblem, ...typed } = readPassword(credentials.password);
  if (email === undefined || typed.password === undefined) throw badInput({ email: emailProblem, password: passwordProblem });
  return { email, ...typed };
}

/** With a new password. Both fields are judged before anything is said, so that a form can show every problem at once. */
export function readNewCredentials(credentials: Credentials, common: CommonPasswords): ReadCredentials {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { problem, ...typed } = readPassword(credentials.password);
  const passwordProblem = problem ?? (typed.password === undefined ? undefined : newPasswordProblem(typed.password, email, common));
  if (email === undefined || typed.password === undefined || passwordProblem !== undefined) {
    throw badInput({ email: emailProblem, password: passwordProblem });
  }
  return { email, ...typed };
}
