import { type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { decodeBase64 } from "./hash-base64.ts";
import type { PasswordHash } from "./password-hash.ts";

/** As passlib writes it: N is 2 to the power of `ln`. */
const format = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([^$]*)\$([^$]*)$/;
const MAXIMUM_MEMORY_BYTES = 128 * 1024 * 1024;
/** Lanes are computed one after the other, each at the full cost. */
const MAXIMUM_WORK_BYTES = 4 * MAXIMUM_MEMORY_BYTES;
const SALT_BYTES = { minimum: 0, maximum: 1024 };
const HASH_BYTES = { minimum: 16, maximum: 64 };

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

export function readScryptHash(text: string): PasswordHash | undefined {
  const [match, logarithm, blockSize, lanes, saltText = "", hashText = ""] = format.exec(text) ?? [];
  if (match === undefined) return undefined;
  const [cost, r, p] = [2 ** Number(logarithm), Number(blockSize), Number(lanes)];
  const memory = 128 * cost * r;
  if (cost < 2 || r < 1 || p < 1 || memory > MAXIMUM_MEMORY_BYTES || memory * p > MAXIMUM_WORK_BYTES) return undefined;
  // RFC 7914, section 2.
  if (Number(logarithm) >= 16 * r) return undefined;
  const [salt, expected] = [decodeBase64(saltText, SALT_BYTES), decodeBase64(hashText, HASH_BYTES)];
  if (salt === undefined || expected === undefined) return undefined;
  // A little more than the blocks themselves is needed.
  const options = { N: cost, r, p, maxmem: 2 * MAXIMUM_MEMORY_BYTES };
  return {
    scheme: "scrypt",
    verify: async (password) => timingSafeEqual(await derive(password, salt, expected.length, options), expected),
  };
}
