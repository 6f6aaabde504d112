/** argon2id with the parameters of the OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** One implementation of argon2id. Both write and read the same PHC strings. */
export interface PasswordEngine {
  hash(password: string): Promise<string>;
  /** False for a wrong password; throws for a string that is no hash of its kind. */
  verify(hash: string, password: string): Promise<boolean>;
}

/** The fast one where its binary loads (three times as many hashes a second), the portable one elsewhere. */
export async function loadPasswordEngine(): Promise<PasswordEngine> {
  return loadNodeRsEngine().catch(loadArgon2Engine);
}

export async function loadNodeRsEngine(): Promise<PasswordEngine> {
  const { hash, verify } = await import("@node-rs/argon2");
  // The package declares `Algorithm` as a const enum, which separate compilation cannot read; argon2id is its default.
  return { hash: (password) => hash(password, parameters), verify: (encoded, password) => verify(encoded, password) };
}

export async function loadArgon2Engine(): Promise<PasswordEngine> {
  const { default: argon2 } = await import("argon2");
  return {
    hash: (password) => argon2.hash(password, { ...parameters, type: argon2.argon2id }),
    verify: (encoded, password) => argon2.verify(encoded, password),
  };
}
