import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export interface Opened {
  readonly content: Buffer;
  /** True where an older secret opened it, so that it should be sealed again. */
  readonly isStale: boolean;
}

/** Keeps in the database what a copy of the database must not give away. */
export interface Sealing {
  /** AES-256-GCM: nonce ‖ tag ‖ ciphertext. Whose it is is authenticated with it, so that two rows cannot be swapped. */
  seal(content: Buffer, owner: string): Buffer;
  /** Tries the secrets in their order. Undefined where none fits, or it is somebody else's. */
  open(sealed: Buffer, owner: string): Opened | undefined;
}

/** `SECRET`, newest first. The keys are derived, so that two purposes never share one (RFC 5869). */
export function createSealing(secrets: readonly [string, ...string[]], purpose: string): Sealing {
  const keys = secrets.map((secret) => deriveKey(secret, purpose));
  const [newest = deriveKey(secrets[0], purpose)] = keys;

  return {
    seal(content, owner) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", newest, nonce).setAAD(Buffer.from(owner));
      const ciphertext = Buffer.concat([cipher.update(content), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
    },
    open(sealed, owner) {
      for (const [age, key] of keys.entries()) {
        const content = openWith(key, sealed, owner);
        if (content !== undefined) return { content, isStale: age > 0 };
      }
      return undefined;
    },
  };
}

/** 32 bytes. */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", purpose, 32));
}

function openWith(key: Buffer, sealed: Buffer, owner: string): Buffer | undefined {
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
  try {
    decipher.setAAD(Buffer.from(owner)).setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch {
    return undefined; // another secret sealed it
  }
}
