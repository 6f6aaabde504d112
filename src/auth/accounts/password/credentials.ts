import { badInput } from "../../../core/input-problems.ts";
import { type CommonPasswords, newPasswordProblem, readPassword, type TypedPassword } from "../../passwords/password-policy.ts";
import { type EmailAddress, type ReadEmailAddress, readEmailAddress, readNewEmailAddress } from "../../users/email-addresses.ts";

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

/** Of a new account. */
export function readNewCredentials(credentials: Credentials, common: CommonPasswords): ReadCredentials {
  return withNewPassword(credentials, readNewEmailAddress(credentials.email), common);
}

/** Of an account that is there, with a password that is new. */
export function readChangedCredentials(credentials: Credentials, common: CommonPasswords): ReadCredentials {
  return withNewPassword(credentials, readEmailAddress(credentials.email), common);
}

/** Both fields are judged before anything is said, so that a form can show every problem at once. */
function withNewPassword(credentials: Credentials, address: ReadEmailAddress, common: CommonPasswords): ReadCredentials {
  const { email, problem: emailProblem } = address;
  const { problem, ...typed } = readPassword(credentials.password);
  const passwordProblem = problem ?? (typed.password === undefined ? undefined : newPasswordProblem(typed.password, email, common));
  if (email === undefined || typed.password === undefined || passwordProblem !== undefined) {
    throw badInput({ email: emailProblem, password: passwordProblem });
  }
  return { email, ...typed };
}
