import { decodeBase64 } from "./hash-base64.ts";
import type { PasswordHash } from "./password-hash.ts";

/** RFC 9106 section 3.1, within reason. Version 16 was written without `v=` at first. */
const format = /^\$argon2(?:id|i|d)(?:\$v=(?:16|19))?\$m=([1-9]\d{0,6}),t=([1-9]\d{0,3}),p=([1-9]\d{0,2})\$([^$]*)\$([^$]*)$/;
const MAXIMUM_MEMORY_KIBIBYTES = 1024 * 1024;
/** Memory times iterations: what the time depends on. So much takes seconds; more than the "sensitive" of libsodium nobody uses. */
const MAXIMUM_WORK_KIBIBYTES = 4 * MAXIMUM_MEMORY_KIBIBYTES;
const SALT_BYTES = { minimum: 8, maximum: 64 };
const HASH_BYTES = { minimum: 12, maximum: 64 };

/** argon2id, argon2i or argon2d with any parameters, without secret or associated data. */
export function readArgon2Hash(text: string): PasswordHash | undefined {
  const [match, memory, iterations, lanes, salt = "", hash = ""] = format.exec(text) ?? [];
  if (match === undefined) return undefined;
  if (!isAffordable({ memory: Number(memory), iterations: Number(iterations), lanes: Number(lanes) })) return undefined;
  if (decodeBase64(salt, SALT_BYTES) === undefined || decodeBase64(hash, HASH_BYTES) === undefined) return undefined;
  return { scheme: "argon2", verify: (password, engine) => engine.verify(text, password) };
}

function isAffordable({ memory, iterations, lanes }: { memory: number; iterations: number; lanes: number }): boolean {
  if (iterations < 1 || lanes < 1 || lanes > 64) return false;
  return memory >= 8 * lanes && memory <= MAXIMUM_MEMORY_KIBIBYTES && memory * iterations <= MAXIMUM_WORK_KIBIBYTES;
}
