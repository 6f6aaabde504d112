import type { Random } from "../../core/random.ts";

/** In the place of a password hash: no password fits it, and verifying one takes as long as ever. No two are the same. */
export function newUnusablePassword(random: Random): string {
  return `!${random.bytes(24).toString("base64url")}`;
}
