import { pbkdf2, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import { decodeBase64 } from "./hash-base64.ts";
import type { PasswordHash } from "./password-hash.ts";

/** passlib's `$pbkdf2-sha256$29000$…`, and the `i=29000,l=32` of the PHC string format; `$pbkdf2$` is passlib's name for SHA-1. */
const format = /^\$pbkdf2(?:-(sha1|sha256|sha512))?\$(?:(\d{1,9})|i=(\d{1,9})(?:,l=(\d{1,3}))?)\$([^$]*)\$([^$]*)$/;
/** Django's: the salt is text, and the base64 is padded. */
const djangoFormat = /^pbkdf2_(sha1|sha256)\$(\d{1,9})\$([^$]{1,256})\$([^$]*)$/;
const MAXIMUM_ITERATIONS = 5_000_000;
const SALT_BYTES = { minimum: 0, maximum: 1024 };
const HASH_BYTES = { minimum: 16, maximum: 64 };
const digestBytes = { sha1: 20, sha256: 32, sha512: 64 } as const;
type Digest = keyof typeof digestBytes;

interface Pbkdf2Hash {
  readonly digest: Digest;
  readonly iterations: number;
  readonly salt: Buffer | string | undefined;
  readonly expected: Buffer | undefined;
}

const derive = promisify(pbkdf2);

export function readPbkdf2Hash(text: string): PasswordHash | undefined {
  const [match, digest = "sha1", plain, named, length, salt = "", hash = ""] = format.exec(text) ?? [];
  if (match === undefined) return undefined;
  const expected = decodeBase64(toStandard(hash), HASH_BYTES);
  if (length !== undefined && Number(length) !== expected?.length) return undefined;
  const iterations = Number(plain ?? named);
  return verifiable({ digest: digest as Digest, iterations, salt: decodeBase64(toStandard(salt), SALT_BYTES), expected });
}

export function readDjangoPbkdf2Hash(text: string): PasswordHash | undefined {
  const [match, digest, iterations, salt, hash = ""] = djangoFormat.exec(text) ?? [];
  if (match === undefined) return undefined;
  const expected = decodeBase64(hash.replace(/={0,2}$/, ""), HASH_BYTES);
  return verifiable({ digest: digest as Digest, iterations: Number(iterations), salt, expected });
}

function verifiable({ digest, iterations, salt, expected }: Pbkdf2Hash): PasswordHash | undefined {
  if (salt === undefined || expected === undefined) return undefined;
  // Each digest's worth of output costs all iterations anew.
  const work = iterations * Math.ceil(expected.length / digestBytes[digest]);
  if (iterations < 1 || work > MAXIMUM_ITERATIONS) return undefined;
  return {
    scheme: "pbkdf2",
    verify: async (password) => timingSafeEqual(await derive(password, salt, iterations, expected.length, digest), expected),
  };
}

/** passlib's "adapted" base64 has a dot where the standard has a plus. */
function toStandard(text: string): string {
  return text.replaceAll(".", "+");
}
