import { createHmac, timingSafeEqual } from "node:crypto";
import { validate as isUuid } from "uuid";
import { sha256 } from "../../core/sha256.ts";
import { uuidOfHex } from "../../core/uuid-text.ts";

/**
 * `rt2_` + base64url(user id ‖ session id ‖ family secret F ‖ generation secret S): opaque to clients, 132 characters. Whose it is comes
 * first, so that every statement about it can name the user. F is the same for the session's whole life and proves that a token is genuine,
 * whatever its age; S is replaced at every rotation by HMAC-SHA-256(S, R) with a random nonce R, so that whoever holds S can be given the
 * same successor again, and whoever only reads the database (hashes and R) can compute none.
 */
export interface RefreshToken {
  readonly userId: string;
  readonly sessionId: string;
  readonly familySecret: Buffer;
  readonly generationSecret: Buffer;
}

const PREFIX = "rt2_";
const ID_BYTES = 16;
export const SECRET_BYTES = 32;
const ENCODED_LENGTH = PREFIX.length + Math.ceil(((2 * ID_BYTES + 2 * SECRET_BYTES) * 8) / 6);

/** True for text that claims to be a refresh token, genuine or not. */
export function looksLikeRefreshToken(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Undefined for anything that `formatRefreshToken` cannot have written, such as a second spelling of the same bytes. */
export function parseRefreshToken(text: string): RefreshToken | undefined {
  if (text.length !== ENCODED_LENGTH || !looksLikeRefreshToken(text)) return undefined;
  const bytes = Buffer.from(text.slice(PREFIX.length), "base64url");
  // The bytes come from outside: the library's own formatter would throw.
  const userId = uuidOfHex(bytes.toString("hex", 0, ID_BYTES));
  const sessionId = uuidOfHex(bytes.toString("hex", ID_BYTES, 2 * ID_BYTES));
  if (!isUuid(sessionId)) return undefined;
  if (PREFIX + bytes.toString("base64url") !== text) return undefined;
  const secrets = bytes.subarray(2 * ID_BYTES);
  return { userId, sessionId, familySecret: secrets.subarray(0, SECRET_BYTES), generationSecret: secrets.subarray(SECRET_BYTES) };
}

export function formatRefreshToken(token: RefreshToken): string {
  const bytes = Buffer.concat([bytesOfUuid(token.userId), bytesOfUuid(token.sessionId), token.familySecret, token.generationSecret]);
  return PREFIX + bytes.toString("base64url");
}

/** S' = HMAC-SHA-256(S, R). */
export function successorOf(token: RefreshToken, nonce: Buffer): RefreshToken {
  return { ...token, generationSecret: createHmac("sha256", token.generationSecret).update(nonce).digest() };
}

/** SHA-256: the secrets are 256 random bits, so a slow hash would add nothing. */
export function hashSecret(secret: Buffer): Buffer {
  return sha256(secret);
}

/** Constant time. Absent hashes fit nothing. */
export function secretFits(secret: Buffer, stored: Buffer | null): boolean {
  return stored !== null && timingSafeEqual(hashSecret(secret), stored);
}

/** Of an id that was checked, or that the database has given. */
function bytesOfUuid(id: string): Buffer {
  return Buffer.from(id.replaceAll("-", ""), "hex");
}
