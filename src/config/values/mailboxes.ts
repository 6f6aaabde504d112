import validator from "validator/lib/isEmail.js";

/** Whom mail is from, as mail programs show it. */
export interface Mailbox {
  /** Undefined: only the address is shown. */
  readonly name: string | undefined;
  readonly address: string;
}

const MAXIMUM_NAME = 100;

/** `Acme <no-reply@example.com>`, or the address alone. Undefined unless it is one of the two. */
export function parseMailbox(written: string): Mailbox | undefined {
  const [, name, bracketed] = /^([^<>]*)<([^<>]*)>$/.exec(written) ?? [];
  const address = (bracketed ?? written).trim();
  if (!validator.default(address) || /[\s"]/u.test(address)) return undefined;
  if (name === undefined) return { name: undefined, address };
  const shown = name.trim().replace(/^"(.*)"$/, "$1");
  return isName(shown) ? { name: shown || undefined, address } : undefined;
}

/** A line of a mail's head: nothing in it may end the line, nor turn what is shown around. */
function isName(shown: string): boolean {
  return shown.isWellFormed() && shown.length <= MAXIMUM_NAME && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"\\]/u.test(shown);
}
