import { hash } from "node:crypto";

/** 16 bytes of SHA-256, written as a UUID: what leaves the process instead of a key that holds an address. */
export function hashKey(key: string): string {
  const hex = hash("sha256", key, "hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
