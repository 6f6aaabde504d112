import type { Random } from "../random.ts";
import type { PasswordEngine } from "./password-engine.ts";

export interface Passwords {
  /** A PHC string of argon2id. */
  hash(password: string): Promise<string>;
  /** Where there is no hash (an unknown address) a decoy is verified: the same work, and false. */
  verify(hash: string | undefined, password: string): Promise<boolean>;
}

export async function createPasswords(engine: PasswordEngine, random: Random): Promise<Passwords> {
  const decoy = await engine.hash(random.bytes(32).toString("base64"));
  return {
    hash: (password) => engine.hash(password),
    async verify(hash, password) {
      const fits = await engine.verify(hash ?? decoy, password);
      return hash !== undefined && fits;
    },
  };
}
