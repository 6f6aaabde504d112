import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StartupError } from "../../src/core/errors.ts";
import { explainFailure } from "../../src/start/process/explain-failure.ts";
import { MeFromTokenDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { ISSUER, startTestGateway } from "../support/gateway.ts";
import { rocaKey } from "../support/keys/weak-keys.ts";

type Algorithm = "ES256" | "RS256";

const ec = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
const otherEc = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const otherRsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;

const pem = (key: KeyObject, type: "pkcs8" | "sec1" | "pkcs1") => key.export({ format: "pem", type }).toString();
const jwk = (key: KeyObject, changes: Record<string, unknown> = {}) => JSON.stringify({ ...key.export({ format: "jwk" }), ...changes });
const publicPem = (key: KeyObject) => createPublicKey(key).export({ format: "pem", type: "spki" }).toString();
const publicJwk = (key: KeyObject) => JSON.stringify(createPublicKey(key).export({ format: "jwk" }));

let database: TestDatabase;
let directory: string;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "key-files-"));
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true });
});

async function startWith(algorithm: Algorithm, content: string | Buffer) {
  const path = join(directory, `${randomBytes(6).toString("hex")}.key`);
  await writeFile(path, content, { mode: 0o600 });
  return startTestGateway({ database, env: { JWT_ALGORITHM: algorithm, SIGNING_KEY_FILE: path } });
}

/** Signs in, and lets a library that is not ours verify the token by what is published. */
async function signInWith(algorithm: Algorithm, content: string) {
  const gateway = await startWith(algorithm, content);
  try {
    const { accessToken, user } = await gateway.register();
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
    const jwks = (await response.json()) as JSONWebKeySet;
    const { payload } = await jwtVerify(accessToken, createLocalJWKSet(jwks), { issuer: ISSUER, algorithms: [algorithm] });
    expect(payload.sub).toBe(user.id);
    const [count] = await database.sql`select count(*)::int as n from signing_keys`;
    expect(count?.n).toBe(0);
    return { keys: jwks.keys, kid: decodeProtectedHeader(accessToken).kid };
  } finally {
    await gateway.close();
  }
}

describe("a key file is used:", () => {
  const ecParameters = "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n";
  test.each<[string, Algorithm, KeyObject, string]>([
    ["ES256, PKCS #8 PEM", "ES256", ec, pem(ec, "pkcs8")],
    ["ES256, SEC 1 PEM", "ES256", ec, pem(ec, "sec1")],
    ["ES256, SEC 1 PEM as `openssl ecparam -genkey` writes it", "ES256", ec, ecParameters + pem(ec, "sec1")],
    ["ES256, PEM with Windows line ends", "ES256", ec, pem(ec, "pkcs8").replaceAll("\n", "\r\n")],
    ["ES256, JWK", "ES256", ec, jwk(ec)],
    ["ES256, JWK with everything that fits", "ES256", ec, jwk(ec, { use: "sig", alg: "ES256", key_ops: ["sign", "verify"] })],
    ["ES256, JWK in white space", "ES256", ec, `\n  ${jwk(ec)}\n`],
    ["RS256, PKCS #8 PEM", "RS256", rsa, pem(rsa, "pkcs8")],
    ["RS256, PKCS #1 PEM", "RS256", rsa, pem(rsa, "pkcs1")],
    ["RS256, JWK", "RS256", rsa, jwk(rsa)],
    ["RS256, JWK with everything that fits", "RS256", rsa, jwk(rsa, { use: "sig", alg: "RS256", key_ops: ["sign"] })],
  ])("%s; its kid is the RFC 7638 thumbprint", async (_name, algorithm, key, content) => {
    const { keys, kid } = await signInWith(algorithm, content);
    const published = createPublicKey(key).export({ format: "jwk" });
    expect(keys).toEqual([{ ...published, kid, alg: algorithm, use: "sig" }]);
    expect(kid).toBe(await calculateJwkThumbprint(keys[0] ?? {}));
  });

  test.each<[string, Algorithm, KeyObject]>([
    ["2026-11", "ES256", ec],
    ["https://auth.example.com/keys/1", "RS256", rsa],
  ])("its own kid (%s) is kept, with %s", async (kid, algorithm, key) => {
    const signedIn = await signInWith(algorithm, jwk(key, { kid }));
    expect(signedIn.kid).toBe(kid);
    expect(signedIn.keys.map((published) => published.kid)).toEqual([kid]);
  });
});

test("a key from a file is not rotated by command", async () => {
  const gateway = await startWith("ES256", pem(ec, "pkcs8"));
  await expect(gateway.auth.signingKeys.rotate()).rejects.toThrow("rotated in the configuration");
  gateway.clock.advance(365 * 86_400);
  await gateway.auth.signingKeys.maintain();
  expect(gateway.auth.signingKeys.publicJwks()).toHaveLength(1);
  await gateway.close();
});

describe("a key file is refused, and none of it is shown:", () => {
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
  const k256 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
  const ed25519 = generateKeyPairSync("ed25519").privateKey;
  const pss = generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey;
  const weak = generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey;
  const nearlyStrong = generateKeyPairSync("rsa", { modulusLength: 2047 }).privateKey;
  const locked = ec.export({ format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "open sesame" }).toString();
  const lockedRsa = rsa.export({ format: "pem", type: "pkcs1", cipher: "aes-256-cbc", passphrase: "open sesame" }).toString();
  const symmetric = randomBytes(32).toString("base64url");

  test.each<[string, Algorithm, string | Buffer, RegExp]>([
    ["RSA of 1024 bits, PEM", "RS256", pem(weak, "pkcs8"), /1024 bits; at least 2048/],
    ["RSA of 1024 bits, JWK", "RS256", jwk(weak), /1024 bits; at least 2048/],
    ["RSA of the ROCA kind", "RS256", JSON.stringify(rocaKey()), /ROCA kind/],
    ["RSA of 2047 bits", "RS256", pem(nearlyStrong, "pkcs1"), /2047 bits; at least 2048/],
    ["RSA-PSS", "RS256", pem(pss, "pkcs8"), /must hold an RSA key/],
    ["P-384", "ES256", pem(p384, "pkcs8"), /P-256/],
    ["P-384, JWK", "ES256", jwk(p384), /P-256/],
    ["P-384 that calls itself ES256", "ES256", jwk(p384, { alg: "ES256" }), /P-256/],
    ["secp256k1", "ES256", pem(k256, "sec1"), /P-256/],
    ["Ed25519", "ES256", pem(ed25519, "pkcs8"), /P-256/],
    ["an RSA key for ES256", "ES256", pem(rsa, "pkcs8"), /P-256.*JWT_ALGORITHM=RS256/],
    ["an EC key for RS256", "RS256", pem(ec, "pkcs8"), /RSA.*JWT_ALGORITHM=ES256/],
    ["use: enc", "ES256", jwk(ec, { use: "enc" }), /"use" is not "sig"/],
    ["key_ops without sign", "ES256", jwk(ec, { key_ops: ["verify", "deriveKey"] }), /"key_ops"/],
    ["no key_ops at all", "ES256", jwk(ec, { key_ops: [] }), /"key_ops"/],
    ["key_ops that are no list", "ES256", jwk(ec, { key_ops: "verify" }), /"key_ops"/],
    ["alg: RS256 for ES256", "ES256", jwk(ec, { alg: "RS256" }), /"alg" is not ES256/],
    ["alg: PS256 for RS256", "RS256", jwk(rsa, { alg: "PS256" }), /"alg" is not RS256/],
    ["alg: ECDH-ES", "ES256", jwk(ec, { alg: "ECDH-ES" }), /"alg" is not ES256/],
    ["a public PEM", "ES256", publicPem(ec), /no private key/],
    ["a public PEM, RSA", "RS256", publicPem(rsa), /no private key/],
    ["a public JWK", "ES256", publicJwk(ec), /public JWK/],
    ["a public JWK, RSA", "RS256", publicJwk(rsa), /public JWK/],
    ["an encrypted PEM", "ES256", locked, /without a passphrase/],
    ["an encrypted PEM of the old kind", "RS256", lockedRsa, /without a passphrase/],
    ["a JWK of a shared secret", "ES256", JSON.stringify({ kty: "oct", k: symmetric }), /SIGNING_KEY_FILE/],
    ["a JWK set", "ES256", `{"keys":[${jwk(ec)}]}`, /SIGNING_KEY_FILE/],
    ["a list of JWKs", "ES256", `[${jwk(ec)}]`, /no private key/],
    ["a JWK whose d is a number", "ES256", jwk(ec, { d: 5 }), /private/],
    ["a JWK whose d is empty", "ES256", jwk(ec, { d: "" }), /SIGNING_KEY_FILE/],
    ["a JWK that is cut off", "ES256", jwk(ec).slice(0, -20), /neither a PEM file nor valid JSON/],
    ["a PEM that is cut off", "ES256", pem(ec, "pkcs8").slice(0, 120), /no private key/],
    ["a certificate's armour around a key", "ES256", pem(ec, "pkcs8").replaceAll("PRIVATE KEY", "CERTIFICATE"), /no private key/],
    ["DER", "ES256", ec.export({ format: "der", type: "pkcs8" }), /no private key/],
    ["random bytes", "ES256", randomBytes(200), /no private key/],
    ["nothing", "ES256", "", /no private key/],
    ["a word", "ES256", "hunter2-hunter2-hunter2", /no private key/],
    ["an EC JWK whose halves do not belong together", "ES256", jwk(ec, { d: otherEc.export({ format: "jwk" }).d }), /SIGNING_KEY_FILE/],
    ["an RSA JWK whose halves do not belong together", "RS256", jwk(rsa, { n: otherRsa.export({ format: "jwk" }).n }), /SIGNING_KEY_FILE/],
    ["a kid that a JWT's header cannot carry", "ES256", jwk(ec, { kid: "schlüssel-🔑" }), /"kid"/],
    ["a kid that alone exceeds what a token may be", "ES256", jwk(ec, { kid: "k".repeat(9000) }), /"kid"/],
  ])("%s", async (_name, algorithm, content, message) => {
    const starting = startWith(algorithm, content).then(async (gateway) => {
      // As it did start: what its users would meet.
      const { accessToken } = await gateway.register();
      const reply = await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
      await gateway.close();
      return reply.errors[0]?.extensions.reason ?? "it works";
    });
    const error = await starting.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    const explained = explainFailure(error);
    expect(explained).toMatch(/^SIGNING_KEY_FILE /);
    expect(explained).toMatch(message);
    expect(explained.length).toBeLessThan(200);
    expect(longestCommonPart(`${explained}${causeOf(error)}`, content.toString("latin1"))).toBeLessThan(24);
  });

  test.each([
    ["a missing file", () => join(directory, "nowhere.pem"), "no such file or folder"],
    ["a directory", () => directory, "it is a folder"],
  ])("%s", async (_name, pathOf, reason) => {
    const path = pathOf();
    const error = await startTestGateway({ database, env: { SIGNING_KEY_FILE: path } }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StartupError);
    expect(explainFailure(error)).toBe(`SIGNING_KEY_FILE cannot be read: ${path} (${reason})`);
  });
});

function causeOf(error: unknown): string {
  return error instanceof Error ? String(error.cause ?? "") : "";
}

/** How much of one text stands in the other; words of ours are shorter than 24 characters, pieces of keys are not. */
function longestCommonPart(text: string, within: string): number {
  let longest = 0;
  for (let start = 0; start < text.length; start += 1) {
    while (start + longest < text.length && within.includes(text.slice(start, start + longest + 1))) longest += 1;
  }
  return longest;
}
