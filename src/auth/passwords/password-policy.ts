import { dictionary } from "@zxcvbn-ts/language-common";
import type { EmailAddress } from "../users/email-addresses.ts";
import { countDecisions, type KnownWords } from "./guessable-parts.ts";
import { moreCommonPasswords } from "./more-common-passwords.ts";
import { passwordProblems } from "./password-problems.ts";
import { plainSpelling } from "./plain-spelling.ts";

/** NIST SP 800-63B rev. 4, section 3.1.1.2. */
const MINIMUM_CODE_POINTS = 8;
const MAXIMUM_BYTES = 1024;
/**
 * Characters chosen by themselves, walks over the keyboard and known words: fewer of them are soon guessed, however many characters they
 * have.
 */
const FEWEST_DECISIONS = 5;
/** A block of fewer characters than a password has, again and again, is none. */
const LONGEST_BLOCK = MINIMUM_CODE_POINTS - 1;

/** What a new password is compared with. */
export interface CommonPasswords {
  /** In their plain spelling. */
  readonly list: ReadonlySet<string>;
  /**
   * What bad passwords begin with: the words of `moreCommonPasswords`, and what belongs to the service, such as its name; in lower case and
   * in their plain spelling.
   */
  readonly first: readonly string[];
}

/** Those of the dictionary and those that it lacks, in their plain spelling. */
export function listCommonPasswords(): ReadonlySet<string> {
  return new Set([...dictionary["passwords-common"].map((password) => password.toLowerCase()), ...moreCommonPasswords.map(plainSpelling)]);
}

/** `serviceNames`: how the service is called, such as `Acme Accounts` or `auth.acme.com`. */
export function loadCommonPasswords(serviceNames: readonly string[] = [], list = listCommonPasswords()): CommonPasswords {
  return {
    list,
    first: withPlainSpellings([...moreCommonPasswords, ...serviceNames.flatMap(partsOf)]),
  };
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

/**
 * What a new password must be on top: length, neither well known nor put together of what is, nor of the user's address or the service's
 * name (NIST SP 800-63B rev. 4, section 3.1.1.2). No composition rules.
 */
export function newPasswordProblem(password: string, email: EmailAddress | undefined, common: CommonPasswords): string | undefined {
  if (countCodePoints(password) < MINIMUM_CODE_POINTS) return passwordProblems.tooShort;
  const spellings = [...new Set([password.toLowerCase(), plainSpelling(password)])];
  if (spellings.some((spelling) => common.list.has(spelling))) return passwordProblems.common;
  if (email !== undefined && spellings.some((spelling) => isOwnAddress(spelling, email.key))) return passwordProblems.ownAddress;
  const ofUser = email === undefined ? [] : [email.key, ...email.key.split("@").flatMap(partsOf)];
  const own = [...common.first, ...withPlainSpellings(ofUser)];
  return spellings.some((spelling) => isGuessable(spelling, { common: common.list, own })) ? passwordProblems.pattern : undefined;
}

function withPlainSpellings(words: readonly string[]): string[] {
  return [...new Set([...words, ...words.map(plainSpelling)])];
}

function isGuessable(spelling: string, words: KnownWords): boolean {
  return repeatsShortBlock([...spelling]) || countDecisions(spelling, words, FEWEST_DECISIONS) < FEWEST_DECISIONS;
}

/** The last time perhaps in part. */
function repeatsShortBlock(characters: readonly string[]): boolean {
  const blocks = Array.from({ length: Math.min(LONGEST_BLOCK, Math.floor(characters.length / 2)) }, (_none, index) => index + 1);
  return blocks.some((block) => characters.every((character, index) => index < block || character === characters[index - block]));
}

function isOwnAddress(password: string, emailKey: string): boolean {
  const [localPart = "", domain = ""] = emailKey.split("@");
  return password.includes(emailKey) || password === localPart || password === domain;
}

/** The whole, and the words in it. */
function partsOf(name: string): string[] {
  const lowerCase = name.normalize("NFC").toLowerCase();
  const words = lowerCase.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== "");
  return [...new Set([lowerCase, words.join(""), ...words])];
}

function countCodePoints(text: string): number {
  return [...text].length;
}
