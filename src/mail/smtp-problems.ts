import type { NodemailerError } from "nodemailer";
import type { Delivery } from "../outbox/delivery.ts";

/** Commands whose refusal is about this message: of others it is about us, and other messages would fare no better. */
const aboutTheMessage: ReadonlySet<string | undefined> = new Set(["RCPT TO", "DATA"]);

const byCode: ReadonlyMap<string | undefined, string> = new Map([
  ["EAUTH", "the mail server does not take our user name and password"],
  ["ENOAUTH", "the mail server wants a user name and a password"],
  ["ETLS", "no trustworthy TLS with the mail server"],
  ["EDNS", "the mail server's name is not known"],
  ["ETIMEDOUT", "the mail server did not answer in time"],
  ["EABORT", "the mail server did not answer in time"],
]);

/**
 * What an attempt that failed means (RFC 5321, section 4.2.1). Of the server's words only the number is reported, because the rest quotes
 * addresses; what is refused at RCPT or DATA for good stays refused, and everything else is tried again.
 */
export function readSmtpProblem(error: unknown): Exclude<Delivery, { kind: "sent" | "kept" }> {
  const { code, command, responseCode, permanent } = isSmtpError(error) ? error : ({} as Partial<NodemailerError>);
  const answer = responseCode === undefined ? "" : ` (${responseCode})`;
  if (permanent === true && aboutTheMessage.has(command)) return { kind: "never", problem: `the mail server refuses it${answer}` };
  const problem =
    byCode.get(code) ?? (responseCode === undefined ? "the mail server is out of reach" : "the mail server does not take it now");
  return { kind: "later", problem: `${problem}${answer}` };
}

function isSmtpError(error: unknown): error is NodemailerError {
  return error instanceof Error;
}
