import { createPublicKey } from "node:crypto";
import { StartupError } from "../../../core/errors.ts";
import { decryptPrivateKey, encryptPrivateKey } from "./key-encryption.ts";
import { generatePrivateKey, keyFromPrivate, keyFromPublic, type PairAlgorithm } from "./key-pairs.ts";
import type { ScheduledKey } from "./key-schedule.ts";
import type { SigningKeyRow } from "./signing-key-store.ts";

/** `SECRET`, newest first. */
export type Secrets = readonly [string, ...string[]];

export async function createKeyRow(algorithm: PairAlgorithm, at: { now: Date; signsFrom: Date; secrets: Secrets }): Promise<SigningKeyRow> {
  const privateKey = await generatePrivateKey(algorithm);
  const { kid, publicJwk } = keyFromPrivate(algorithm, privateKey);
  const encryptedPrivateKey = encryptPrivateKey(privateKey, { kid, secret: at.secrets[0] });
  return { kid, algorithm, publicJwk: { ...publicJwk }, encryptedPrivateKey, createdAt: at.now, signsFrom: at.signsFrom };
}

/** Where no secret opens the private half, the key still verifies: a restart with another `SECRET` must not refuse good tokens. */
export function readKeyRow(row: SigningKeyRow, secrets: Secrets): ScheduledKey {
  const { kid, algorithm, signsFrom } = row;
  const decrypted = decryptPrivateKey(row.encryptedPrivateKey, { kid, secrets });
  const key =
    decrypted === undefined
      ? keyFromPublic(algorithm, createPublicKey({ key: row.publicJwk, format: "jwk" }), kid)
      : keyFromPrivate(algorithm, decrypted.privateKey, kid);
  return { ...key, signsFrom };
}

/** The ciphertext under the newest secret, or undefined where it is so already (or cannot be opened). */
export function reencryptedKey(row: SigningKeyRow, secrets: Secrets): Buffer | undefined {
  const decrypted = decryptPrivateKey(row.encryptedPrivateKey, { kid: row.kid, secrets });
  if (decrypted === undefined || !decrypted.isStale) return undefined;
  return encryptPrivateKey(decrypted.privateKey, { kid: row.kid, secret: secrets[0] });
}

/** Nobody signs in without a key that opens, so nothing may be changed or added either. */
export function wrongSecret(): StartupError {
  return new StartupError("SECRET opens no signing key; put the earlier value back as a second one: SECRET=new,old");
}
