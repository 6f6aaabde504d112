import { createPublicKey, generateKeyPair, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import { jwkThumbprint } from "./jwk-thumbprint.ts";
import type { SignerKey, SigningKey } from "./signing-keys.ts";

export type PairAlgorithm = "ES256" | "RS256";

const generate = promisify(generateKeyPair);

export async function generatePrivateKey(algorithm: PairAlgorithm): Promise<KeyObject> {
  const pair = algorithm === "ES256" ? await generate("ec", { namedCurve: "P-256" }) : await generate("rsa", { modulusLength: 2048 });
  return pair.privateKey;
}

/** A complete key from its private half. */
export function keyFromPrivate(algorithm: PairAlgorithm, privateKey: KeyObject, kid?: string): SignerKey {
  const verifyingKey = createPublicKey(privateKey);
  return { ...publicSide(algorithm, verifyingKey, kid), signingKey: privateKey };
}

/** A key that can only verify. */
export function keyFromPublic(algorithm: PairAlgorithm, verifyingKey: KeyObject, kid?: string): SigningKey {
  return { ...publicSide(algorithm, verifyingKey, kid), signingKey: undefined };
}

function publicSide(algorithm: PairAlgorithm, verifyingKey: KeyObject, givenKid: string | undefined) {
  const jwk = verifyingKey.export({ format: "jwk" });
  const kid = givenKid ?? jwkThumbprint(jwk);
  return { kid, algorithm, verifyingKey, publicJwk: { ...jwk, kid, alg: algorithm, use: "sig" } };
}
