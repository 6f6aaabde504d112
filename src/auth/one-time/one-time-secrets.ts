import { createHmac, timingSafeEqual } from "node:crypto";
import type { Random } from "../../core/random.ts";
import { deriveKey } from "../../core/sealing.ts";
import { sha256 } from "../../core/sha256.ts";
import { uuidOfHex } from "../../core/uuid-text.ts";

const PREFIX = "ot2_";
const ID_BYTES = 16;
const TOKEN_BYTES = 32;
const CODES = 1_000_000;
const CODE_DIGITS = 6;

/** `ot2_` + base64url of the user's id and 256 random bits. */
export function newToken(userId: string, random: Random): string {
  const id = Buffer.from(userId.replaceAll("-", ""), "hex");
  return PREFIX + Buffer.concat([id, random.bytes(TOKEN_BYTES)]).toString("base64url");
}

/**
 * Whose a token says it is. Undefined for those of an earlier version, `ot1_`, which are good for as long as it was told, and for what is
 * none.
 */
export function readTokenUser(token: string): string | undefined {
  const bytes = Buffer.from(token.slice(PREFIX.length), "base64url");
  if (!token.startsWith(PREFIX) || bytes.length < ID_BYTES) return undefined;
  return uuidOfHex(bytes.toString("hex", 0, ID_BYTES));
}

const ATTEMPT_PREFIX = "at1_";
const ATTEMPT_BYTES = 24;

/** `at1_` + base64url of 192 random bits. */
export function newAttempt(random: Random): string {
  return ATTEMPT_PREFIX + random.bytes(ATTEMPT_BYTES).toString("base64url");
}

/** SHA-256: a slow hash would add nothing to 256 random bits. */
export function hashToken(token: string): Buffer {
  return sha256(token);
}

/** Six digits, for people who type it from another device. */
export function newCode(random: Random): string {
  // Of 48 bits, so that no code is noticeably likelier than another.
  return String(random.bytes(6).readUIntBE(0, 6) % CODES).padStart(CODE_DIGITS, "0");
}

/** Spaces and hyphens are people's own. */
export function readCode(text: string): string | undefined {
  const digits = text.replaceAll(/[\s-]/g, "");
  return /^\d{6}$/.test(digits) ? digits : undefined;
}

/** What whoever reads the database must not be able to try: a code has a million values, an address not many more. */
export interface KeyedHashes {
  /** The code of one token. */
  hashCode(code: string, tokenId: string): Buffer;
  /** Constant time, under any of the secrets. */
  codeFits(code: string, tokenId: string, stored: Buffer): boolean;
  /** Stands for an address that has no account: as an id. */
  subjectOf(emailKey: string): string;
}

/** Under keys derived from `SECRET`, newest first. */
export function createKeyedHashes(secrets: readonly [string, ...string[]]): KeyedHashes {
  const keys = secrets.map((secret) => deriveKey(secret, "graphql-auth-gateway one-time codes v1"));
  const [newest = deriveKey(secrets[0], "")] = keys;
  const mac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();

  return {
    hashCode: (code, tokenId) => mac(newest, `code ${tokenId} ${code}`),
    codeFits: (code, tokenId, stored) => keys.some((key) => timingSafeEqual(mac(key, `code ${tokenId} ${code}`), stored)),
    subjectOf: (emailKey) => uuidOfHex(mac(newest, `address ${emailKey}`).toString("hex")),
  };
}
