import { verify } from "@node-rs/bcrypt";
import type { PasswordHash } from "./password-hash.ts";

/** `$2x$` is missing on purpose: it marks the hashes of a broken implementation. */
const format = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MINIMUM_COST = 4;
/** Each step doubles the time: 16 takes seconds. */
const MAXIMUM_COST = 16;
/** bcrypt reads no more, and the systems that made these hashes dropped the rest silently. */
const MAXIMUM_BYTES = 72;

export function readBcryptHash(text: string): PasswordHash | undefined {
  const cost = Number(format.exec(text)?.[1]);
  if (!(cost >= MINIMUM_COST && cost <= MAXIMUM_COST)) return undefined;
  return { scheme: "bcrypt", verify: (password) => verify(Buffer.from(password).subarray(0, MAXIMUM_BYTES), text) };
}
