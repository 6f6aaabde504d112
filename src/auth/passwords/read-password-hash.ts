import { readArgon2Hash } from "./argon2-hash.ts";
import { readBcryptHash } from "./bcrypt-hash.ts";
import type { PasswordHash } from "./password-hash.ts";
import { readDjangoPbkdf2Hash, readPbkdf2Hash } from "./pbkdf2-hash.ts";
import { readScryptHash } from "./scrypt-hash.ts";

const readers: readonly ((text: string) => PasswordHash | undefined)[] = [
  readArgon2Hash,
  readBcryptHash,
  readScryptHash,
  readPbkdf2Hash,
  readDjangoPbkdf2Hash,
];

/** Undefined for what is malformed, of another scheme, or would cost absurdly much to verify. */
export function readPasswordHash(text: string): PasswordHash | undefined {
  for (const read of readers) {
    const hash = read(text);
    if (hash !== undefined) return hash;
  }
  return undefined;
}
