import { dictionary } from "@zxcvbn-ts/language-common";
import type { EmailAddress } from "../accounts/email-addresses.ts";

/** NIST SP 800-63B rev. 4, section 3.1.1.2. */
const MINIMUM_CODE_POINTS = 8;
const MAXIMUM_BYTES = 1024;

/** The well-known passwords that are long enough to pass the other rules, in lower case. */
export type CommonPasswords = ReadonlySet<string>;

export function loadCommonPasswords(): CommonPasswords {
  const long = dictionary["passwords-common"].filter((password) => countCodePoints(password) >= MINIMUM_CODE_POINTS);
  return new Set(long.map((password) => password.toLowerCase()));
}

export interface TypedPassword {
  /** NFC, so that one password typed on two keyboards has one hash. */
  readonly password: string;
  /** What another system may have hashed, before its users came to this one. */
  readonly asTyped: string;
}

/** Problems are sentences for the person who typed it. */
export type ReadPassword =
  | (TypedPassword & { readonly problem?: never })
  | { readonly password?: never; readonly asTyped?: never; readonly problem: string };

/** What any password must be, a new one or one to be verified. */
export function readPassword(text: string): ReadPassword {
  if (!text.isWellFormed()) return { problem: "Contains broken Unicode (an unpaired surrogate); type the password again." };
  if (text.includes("\0")) return { problem: "Contains a NUL character, which cannot be typed; remove it." };
  const password = text.normalize("NFC");
  if (Buffer.byteLength(password) > MAXIMUM_BYTES) return { problem: `Is longer than ${MAXIMUM_BYTES} bytes; use a shorter one.` };
  return password === "" ? { problem: "Is empty; type a password." } : { password, asTyped: text };
}

/** What a new password must be on top: length, and neither well known nor the user's own address. No composition rules. */
export function newPasswordProblem(password: string, email: EmailAddress | undefined, common: CommonPasswords): string | undefined {
  if (countCodePoints(password) < MINIMUM_CODE_POINTS) {
    return `Is too short: use at least ${MINIMUM_CODE_POINTS} characters; 15 or more, such as a few unrelated words, are better.`;
  }
  const lowerCase = password.toLowerCase();
  if (common.has(lowerCase)) return "Is on the list of common passwords that attackers try first; choose one that nobody else would.";
  if (isPattern(lowerCase))
    return "Repeats one pattern or runs through the alphabet or the digits, which is easy to guess; choose one that nobody else would.";
  if (email !== undefined && isOwnAddress(lowerCase, email.key))
    return "Is your e-mail address or a part of it; choose something that others cannot guess.";
  return undefined;
}

/** `00000000`, `12341234`, `abcdefgh`, `87654321`: too many to be on any list (NIST SP 800-63B names both kinds). */
function isPattern(password: string): boolean {
  if (/^(.{1,4}?)\1+$/su.test(password)) return true;
  const codePoints = Array.from(password, (character) => character.codePointAt(0) ?? 0);
  const steps = new Set(codePoints.slice(1).map((codePoint, index) => codePoint - (codePoints[index] ?? 0)));
  const [step = 0] = steps;
  return steps.size === 1 && Math.abs(step) <= 1;
}

function isOwnAddress(password: string, emailKey: string): boolean {
  const [localPart = "", domain = ""] = emailKey.split("@");
  return password.includes(emailKey) || password === localPart || password === domain;
}

function countCodePoints(text: string): number {
  return [...text].length;
}
