import { createCipheriv, createDecipheriv, createPrivateKey, hkdfSync, type KeyObject, randomBytes } from "node:crypto";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Derived, so that `SECRET` can serve other purposes without two of them sharing a key (RFC 5869). */
function encryptionKey(secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", "graphql-auth-gateway signing keys v1", 32));
}

/** AES-256-GCM over PKCS #8; the `kid` is authenticated with it, so that two rows cannot be swapped. */
export function encryptPrivateKey(privateKey: KeyObject, at: { kid: string; secret: string }): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv("aes-256-gcm", encryptionKey(at.secret), nonce).setAAD(Buffer.from(at.kid));
  const ciphertext = Buffer.concat([cipher.update(privateKey.export({ format: "der", type: "pkcs8" })), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

export interface DecryptedKey {
  readonly privateKey: KeyObject;
  /** True where an older secret opened it, so that it should be encrypted again. */
  readonly isStale: boolean;
}

/** Tries the secrets in their order, newest first. Undefined where none fits. */
export function decryptPrivateKey(encrypted: Buffer, at: { kid: string; secrets: readonly string[] }): DecryptedKey | undefined {
  for (const [age, secret] of at.secrets.entries()) {
    const decipher = createDecipheriv("aes-256-gcm", encryptionKey(secret), encrypted.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    let opened: Buffer;
    try {
      decipher.setAAD(Buffer.from(at.kid)).setAuthTag(encrypted.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      opened = Buffer.concat([decipher.update(encrypted.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      continue; // another secret encrypted it
    }
    return { privateKey: createPrivateKey({ key: opened, format: "der", type: "pkcs8" }), isStale: age > 0 };
  }
  return undefined;
}
