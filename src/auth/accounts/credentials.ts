import { badInput } from "../input-problems.ts";
import { type CommonPasswords, newPasswordProblem, readPassword } from "../passwords/password-policy.ts";
import { type EmailAddress, readEmailAddress } from "./email-addresses.ts";

/** As typed. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export interface ReadCredentials {
  readonly email: EmailAddress;
  /** In NFC. */
  readonly password: string;
}

/** Those of somebody who signs in. Throws BAD_USER_INPUT. */
export function readCredentials(credentials: Credentials): ReadCredentials {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { password, problem: passwordProblem } = readPassword(credentials.password);
  if (email === undefined || password === undefined) throw badInput({ email: emailProblem, password: passwordProblem });
  return { email, password };
}

/** With a new password. Both fields are judged before anything is said, so that a form can show every problem at once. */
export function readNewCredentials(credentials: Credentials, common: CommonPasswords): ReadCredentials {
  const { email, problem: emailProblem } = readEmailAddress(credentials.email);
  const { password, problem } = readPassword(credentials.password);
  const passwordProblem = problem ?? (password === undefined ? undefined : newPasswordProblem(password, email, common));
  if (email === undefined || password === undefined || passwordProblem !== undefined) {
    throw badInput({ email: emailProblem, password: passwordProblem });
  }
  return { email, password };
}
