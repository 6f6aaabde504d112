import { createPrivateKey, type KeyObject } from "node:crypto";
import { createSealing } from "../../../core/sealing.ts";

const PURPOSE = "graphql-auth-gateway signing keys v1";

/** PKCS #8, sealed as the key of that `kid`. */
export function encryptPrivateKey(privateKey: KeyObject, at: { kid: string; secret: string }): Buffer {
  return createSealing([at.secret], PURPOSE).seal(privateKey.export({ format: "der", type: "pkcs8" }), at.kid);
}

export interface DecryptedKey {
  readonly privateKey: KeyObject;
  /** True where an older secret opened it, so that it should be encrypted again. */
  readonly isStale: boolean;
}

/** Tries the secrets in their order, newest first. Undefined where none fits. */
export function decryptPrivateKey(
  encrypted: Buffer,
  at: { kid: string; secrets: readonly [string, ...string[]] },
): DecryptedKey | undefined {
  const opened = createSealing(at.secrets, PURPOSE).open(encrypted, at.kid);
  return opened && { privateKey: createPrivateKey({ key: opened.content, format: "der", type: "pkcs8" }), isStale: opened.isStale };
}
