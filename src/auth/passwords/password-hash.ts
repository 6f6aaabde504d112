import type { PasswordEngine } from "./password-engine.ts";

/** A stored hash, ours or one that another system made. */
export interface PasswordHash {
  readonly scheme: "argon2" | "bcrypt" | "scrypt" | "pbkdf2";
  /** The engine is for argon2. */
  verify(password: string, engine: Pick<PasswordEngine, "verify">): Promise<boolean>;
}

/** Stands where there is no password: nothing reads it, so every password is wrong, after the same work. */
export const UNUSABLE_PASSWORD_HASH = "unusable";
