import { householdOf } from "../../core/ip-addresses.ts";
import type { Random } from "../../core/random.ts";
import type { AskingAddress, HashingQueue } from "./hashing-queue.ts";
import type { PasswordEngine } from "./password-engine.ts";
import type { PasswordHash } from "./password-hash.ts";
import type { TypedPassword } from "./password-policy.ts";
import { readPasswordHash } from "./read-password-hash.ts";

/** All of it waits in the queue for its turn, and throws TOO_BUSY where that has no place. */
export interface Passwords extends PasswordHasher {
  /**
   * False also for a hash that cannot be read. Where there is none (an unknown address) a decoy is verified: the same wait, the same
   * work, and false.
   */
  verify(hash: string | undefined, typed: TypedPassword, address: AskingAddress): Promise<boolean>;
  /** A new hash in the place of one that was made otherwise than today's. Undefined: not needed, or not while others want to sign in. */
  rehash(hash: string, password: string): Promise<string> | undefined;
}

export interface PasswordHasher {
  /** A PHC string of argon2id. */
  hash(password: string, address: AskingAddress): Promise<string>;
}

export interface PasswordParts {
  readonly engine: PasswordEngine;
  readonly queue: HashingQueue;
}

export function createPasswordHasher({ engine, queue }: PasswordParts): PasswordHasher {
  return { hash: (password, address) => queue.run(turnOf(address), () => engine.hash(password)) };
}

export async function createPasswords(parts: PasswordParts, random: Random): Promise<Passwords> {
  const { engine, queue } = parts;
  const hasher = createPasswordHasher(parts);
  const decoyText = await hasher.hash(random.bytes(32).toString("base64"), null);
  const decoy: Pick<PasswordHash, "verify"> = {
    async verify(password) {
      await engine.verify(decoyText, password);
      return false;
    },
  };

  /** What its library refuses at last fits nothing, and must not show either. */
  async function fits(hash: Pick<PasswordHash, "verify">, password: string): Promise<boolean> {
    if (hash === decoy) return decoy.verify(password, engine);
    return hash.verify(password, engine).catch(() => decoy.verify(password, engine));
  }

  return {
    ...hasher,
    verify(encoded, { password, asTyped }, address) {
      const hash = (encoded === undefined ? undefined : readPasswordHash(encoded)) ?? decoy;
      return queue.run(turnOf(address), async () => {
        if (await fits(hash, password)) return true;
        // Another system may have hashed the text as it came. Also tried on the decoy, so that nothing shows which hash it is.
        return asTyped !== password && fits(hash, asTyped);
      });
    },
    rehash(encoded, password) {
      if (parametersOf(encoded) === parametersOf(decoyText)) return undefined;
      return queue.runIfIdle(() => engine.hash(password));
    },
  };
}

/** Whoever has a network of IPv6 has one turn for all of its addresses, as they count as one caller for limits. */
function turnOf(address: AskingAddress): AskingAddress {
  return address === null ? null : householdOf(address);
}

/** Scheme, version and costs of a PHC string. */
function parametersOf(encoded: string): string {
  return encoded.split("$", 4).join("$");
}
