import { hash } from "node:crypto";
import { uuidOfHex } from "../../core/uuid-text.ts";

/** 16 bytes of SHA-256, written as a UUID: what leaves the process instead of a key that holds an address. */
export function hashKey(key: string): string {
  return uuidOfHex(hash("sha256", key, "hex"));
}
