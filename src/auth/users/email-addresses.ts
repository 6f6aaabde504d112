import { domainToASCII, domainToUnicode } from "node:url";
import validator from "validator/lib/isEmail.js";
import { imitatesLatinAddress } from "./latin-look-alikes.ts";
import { hasMixedScripts } from "./mixed-scripts.ts";

export interface EmailAddress {
  /** As typed, trimmed and in NFC: for display and delivery. */
  readonly address: string;
  /** In lower case as a whole, the domain in Unicode however it was written: two addresses are one where their keys are equal. */
  readonly key: string;
}

export type ReadEmailAddress =
  | { readonly email: EmailAddress; readonly problem?: never }
  | { readonly email?: never; readonly problem: string };

/** RFC 5321, section 4.5.3.1.3, less the angle brackets. */
const MAXIMUM_OCTETS = 254;
const looksLikeAnother = "Contains characters that only look like ordinary ones; type it with the ordinary ones.";
const notAnAddress = "Is not an e-mail address such as ada@example.com.";

/** Internationalised addresses (RFC 6531) are welcome; spellings that only look like another address are not (UTS 39). */
export function readEmailAddress(text: string): ReadEmailAddress {
  if (!text.isWellFormed()) return { problem: "Contains broken Unicode (an unpaired surrogate); type the address again." };
  const address = text.trim().normalize("NFC");
  if (Buffer.byteLength(address) > MAXIMUM_OCTETS) return { problem: `Is longer than ${MAXIMUM_OCTETS} bytes; use a shorter address.` };
  if (leadsElsewhere(address)) return { problem: "Has a spelling that mail servers may take for another address; use a plain one." };
  if (/[\s"]/u.test(address) || !validator.default(address)) return { problem: notAnAddress };
  const key = keyOf(address);
  if (key === undefined) return { problem: notAnAddress };
  if (hasLookAlikes(address) || hasLookAlikes(key)) {
    return { problem: looksLikeAnother };
  }
  if (key.split(/[@.]/).some(hasMixedScripts)) return { problem: "Mixes alphabets within one word; type it in one alphabet." };
  return { email: { address, key } };
}

/**
 * For an account that has not had it before: not one that reads as somebody else's in Latin letters. Accounts that have one keep it, and
 * sign in.
 */
export function readNewEmailAddress(text: string): ReadEmailAddress {
  const read = readEmailAddress(text);
  if (read.email === undefined) return read;
  const { address, key } = read.email;
  return imitatesLatinAddress(address) || imitatesLatinAddress(key) ? { problem: looksLikeAnother } : read;
}

/**
 * What a mail server on the way may read as another recipient: an encoded word (RFC 2047; also one that does not end), routes of old
 * (`user%host`, `host!user`; RFC 1123, section 5.2.16), which Postfix follows by default for those that it relays for, and what Exchange
 * unwraps.
 */
export function leadsElsewhere(address: string): boolean {
  return /[%!]|=\?[^?]*\?|^\s*imcea[a-z0-9]*-/i.test(address);
}

/** Undefined where the domain cannot be one. */
function keyOf(address: string): string | undefined {
  const at = address.lastIndexOf("@");
  const domain = domainToUnicode(domainToASCII(address.slice(at + 1)));
  if (domain === "" || domain.startsWith("xn--") || domain.includes(".xn--")) return undefined;
  return `${address.slice(0, at)}@${domain}`.toLowerCase().normalize("NFC");
}

/** Compatibility forms, invisible characters, and marks with nothing to stand on. */
function hasLookAlikes(address: string): boolean {
  if (address.toLowerCase().normalize("NFC").normalize("NFKC") !== address.toLowerCase().normalize("NFC")) return true;
  return /\p{Cf}|\p{Cc}|\p{Default_Ignorable_Code_Point}|(^|[@.])\p{M}|[\u2044\u2215]/u.test(address);
}
