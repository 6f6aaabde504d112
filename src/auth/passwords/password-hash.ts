import type { PasswordEngine } from "./password-engine.ts";

/** A stored hash, ours or one that another system made. */
export interface PasswordHash {
  readonly scheme: "argon2" | "bcrypt" | "scrypt" | "pbkdf2";
  /** The engine is for argon2. */
  verify(password: string, engine: Pick<PasswordEngine, "verify">): Promise<boolean>;
}

/** Stands where an account has no password, in a form that nothing reads: whatever is typed is wrong, after the same work. */
export const UNUSABLE_PASSWORD_HASH = "!";
