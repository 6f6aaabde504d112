import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject, sign, verify } from "node:crypto";
import { StartupError } from "../../../core/errors.ts";
import { keyFromPrivate, type PairAlgorithm } from "./key-pairs.ts";
import type { SignerKey } from "./signing-keys.ts";
import { MINIMUM_RSA_BITS, rsaWeakness } from "./weak-keys.ts";

/**
 * The operator's own key: text of a PEM (PKCS #8, PKCS #1 or SEC 1, unencrypted) or of a private JWK (RFC 7517).
 * Throws a `StartupError` that names the problem and never shows the key.
 */
export function readKeyFile(text: string, algorithm: PairAlgorithm): SignerKey {
  const jwk = text.trimStart().startsWith("{") ? parseJwk(text) : undefined;
  if (jwk !== undefined) checkJwk(jwk, algorithm);
  const privateKey = importPrivateKey(jwk === undefined ? text : { key: jwk, format: "jwk" });
  checkStrength(privateKey, algorithm);
  checkHalves(privateKey);
  return keyFromPrivate(algorithm, privateKey, typeof jwk?.kid === "string" ? jwk.kid : undefined);
}

function parseJwk(text: string): JsonWebKey {
  try {
    return JSON.parse(text);
  } catch {
    throw refused("is neither a PEM file nor valid JSON");
  }
}

function checkJwk(jwk: JsonWebKey, algorithm: PairAlgorithm): void {
  if (jwk.use !== undefined && jwk.use !== "sig") throw refused('holds a JWK whose "use" is not "sig"');
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes("sign")))
    throw refused('holds a JWK whose "key_ops" do not allow "sign"');
  if (jwk.alg !== undefined && jwk.alg !== algorithm) throw refused(`holds a JWK whose "alg" is not ${algorithm}`);
  if (jwk.d === undefined || jwk.d === "") throw refused("holds a public JWK; the private one is needed");
  if (jwk.kid !== undefined && !isKeyId(jwk.kid)) throw refused('holds a JWK whose "kid" is not 1 to 128 visible ASCII characters');
}

function importPrivateKey(input: string | { key: JsonWebKey; format: "jwk" }): KeyObject {
  try {
    return createPrivateKey(input);
  } catch {
    throw refused("holds no private key that can be read (PEM without a passphrase, or a private JWK)");
  }
}

/** RFC 7518: ES256 is P-256 and nothing else, RS256 needs 2048 bits or more. */
function checkStrength(key: KeyObject, algorithm: PairAlgorithm): void {
  const { namedCurve, modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
  if (algorithm === "ES256" && namedCurve !== "prime256v1") throw refused("must hold a P-256 key for ES256; or set JWT_ALGORITHM=RS256");
  if (algorithm === "ES256") return;
  if (key.asymmetricKeyType !== "rsa") throw refused("must hold an RSA key for RS256; or set JWT_ALGORITHM=ES256");
  if (modulusLength < MINIMUM_RSA_BITS) throw refused(`holds an RSA key of ${modulusLength} bits; at least ${MINIMUM_RSA_BITS} are needed`);
  const weakness = rsaWeakness(createPublicKey(key).export({ format: "jwk" }));
  if (weakness !== undefined) throw refused(`holds an RSA key that ${weakness}`);
}

/** A JWK states both halves; a token signed by one would not verify by another. */
function checkHalves(privateKey: KeyObject): void {
  const data = Buffer.from("the two halves of this key belong together");
  if (!verify("sha256", data, createPublicKey(privateKey), sign("sha256", data, privateKey))) {
    throw refused("holds a JWK whose private and public halves do not belong together");
  }
}

/** It travels in every token's header. */
function isKeyId(kid: unknown): boolean {
  return typeof kid === "string" && /^[\x21-\x7e]{1,128}$/.test(kid);
}

function refused(problem: string): StartupError {
  return new StartupError(`SIGNING_KEY_FILE ${problem}`);
}
