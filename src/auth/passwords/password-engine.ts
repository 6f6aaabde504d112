/** Of argon2id (RFC 9106). */
export interface Argon2Parameters {
  readonly memoryKibibytes: number;
  readonly iterations: number;
  readonly parallelism: number;
}

/** The recommendation of the OWASP Password Storage Cheat Sheet. */
const owaspParameters: Argon2Parameters = { memoryKibibytes: 19_456, iterations: 2, parallelism: 1 };

/** One implementation of argon2. Both write argon2id, and read every kind of the same PHC strings. */
export interface PasswordEngine {
  hash(password: string): Promise<string>;
  /** False for a wrong password; throws for a string that is no hash of its kind. */
  verify(hash: string, password: string): Promise<boolean>;
}

/** The fast one where its binary loads (three times as many hashes a second), the portable one elsewhere. */
export async function loadPasswordEngine(parameters = owaspParameters): Promise<PasswordEngine> {
  return loadNodeRsEngine(parameters).catch(() => loadArgon2Engine(parameters));
}

export async function loadNodeRsEngine(parameters = owaspParameters): Promise<PasswordEngine> {
  const { hash, verify } = await import("@node-rs/argon2");
  const costs = costsOf(parameters);
  // The package declares `Algorithm` as a const enum, which separate compilation cannot read; argon2id is its default.
  return { hash: (password) => hash(password, costs), verify: (encoded, password) => verify(encoded, password) };
}

export async function loadArgon2Engine(parameters = owaspParameters): Promise<PasswordEngine> {
  const { default: argon2 } = await import("argon2");
  const options = { ...costsOf(parameters), type: argon2.argon2id };
  return { hash: (password) => argon2.hash(password, options), verify: (encoded, password) => argon2.verify(encoded, password) };
}

/** As both packages call them. */
function costsOf({ memoryKibibytes, iterations, parallelism }: Argon2Parameters) {
  return { memoryCost: memoryKibibytes, timeCost: iterations, parallelism };
}
