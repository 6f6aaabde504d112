import type { KeyObject } from "node:crypto";
import { describe, expect, test } from "vitest";
import { LoginDocument, MeDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import {
  type Attack,
  attacker,
  attackerJwk,
  attackerRsa,
  attackTokens,
  encode,
  es256,
  forge,
  hs256,
  partsOf,
  rs256,
} from "../support/keys/token-attacks.ts";
import { PASSWORD } from "../support/sign-in.ts";

const attacked = attackTokens();
const { issued, expectAnonymous, expectRefused } = attacked;

describe("an algorithm that the key does not have is refused:", () => {
  const unsigned: Attack[] = ["none", "None", "NONE", "nOnE", ""].map((alg) => [
    `alg "${alg}" with an empty signature`,
    "wrong_algorithm",
    ({ header, claims }) => `${encode({ ...header, alg })}.${encode(claims)}.`,
  ]);
  const confused: Attack[] = (
    [
      ["SPKI PEM", (key: KeyObject) => key.export({ format: "pem", type: "spki" })],
      ["SPKI PEM without its last line break", (key: KeyObject) => key.export({ format: "pem", type: "spki" }).toString().trim()],
      ["SPKI DER", (key: KeyObject) => key.export({ format: "der", type: "spki" })],
      ["JWK as JSON", (key: KeyObject) => JSON.stringify(key.export({ format: "jwk" }))],
      ["empty secret", () => ""],
    ] as const
  ).map(([name, secretOf]) => [
    `HS256 over the public key (${name})`,
    "wrong_algorithm",
    ({ header, claims, publicKey }) => forge({ ...header, alg: "HS256" }, claims, hs256(secretOf(publicKey))),
  ]);
  const others: Attack[] = ["RS256", "PS256", "ES384", "ES512", "EdDSA", "HS512", "es256", "ES256 "].map((alg) => [
    `${alg} for a key of ES256`,
    "wrong_algorithm",
    ({ header, claims }) => forge({ ...header, alg }, claims, rs256(attackerRsa.privateKey)),
  ]);
  test.each<Attack>([
    ...unsigned,
    ...confused,
    ...others,
    [
      "alg none with our signature",
      "wrong_algorithm",
      ({ header, claims, token }) => `${encode({ ...header, alg: "none" })}.${encode(claims)}.${partsOf(token)[2]}`,
    ],
    ["alg none without a signature part", "malformed", ({ header, claims }) => `${encode({ ...header, alg: "none" })}.${encode(claims)}`],
    ["no alg", "malformed", ({ claims, header: { alg: _, ...header } }) => forge(header, claims, es256(attacker.privateKey))],
    ["alg as a list", "malformed", () => issued({ header: { alg: ["ES256"] } })],
    ["alg null", "malformed", () => issued({ header: { alg: null } })],
  ])("%s → %s", async (...attack) => expectRefused(attack));
});

describe("a key that is not the gateway's is refused:", () => {
  const strangers: Attack[] = (
    [
      ["a foreign kid", "c29tZWJvZHkgZWxzZQ"],
      ["an empty kid", ""],
      ["a path as kid", "../../../../dev/null"],
      ["SQL as kid", "' or 1=1; drop table signing_keys; --"],
      ["__proto__ as kid", "__proto__"],
      ["constructor as kid", "constructor"],
      ["a kid beyond ASCII", "ключ"],
      ["a kid with a zero byte", "\u0000"],
      ["a kid of 4 kB", "k".repeat(4096)],
      ["a number as kid", 7],
      ["a list as kid", ["x"]],
    ] as const
  ).map(([name, kid]) => [name, "unknown_key", ({ header, claims }) => forge({ ...header, kid }, claims, es256(attacker.privateKey))]);
  const embedded: Attack[] = (
    [
      ["jwk", { jwk: attackerJwk }],
      ["jku", { jku: "http://127.0.0.1:1/jwks.json" }],
      ["x5u", { x5u: "http://127.0.0.1:1/chain.pem" }],
      ["x5c", { x5c: [attacker.publicKey.export({ format: "der", type: "spki" }).toString("base64")] }],
      ["x5t", { x5t: "AAAA" }],
    ] as const
  ).flatMap(([name, headers]): Attack[] => [
    [
      `one in ${name} beside our kid`,
      "invalid_signature",
      ({ header, claims }) => forge({ ...header, ...headers }, claims, es256(attacker.privateKey)),
    ],
    [
      `one in ${name} beside its own kid`,
      "unknown_key",
      ({ header, claims }) => forge({ ...header, ...headers, kid: "mine" }, claims, es256(attacker.privateKey)),
    ],
  ]);
  test.each<Attack>([
    ...strangers,
    ...embedded,
    [
      "our kid in capitals",
      "unknown_key",
      ({ header, claims }) => forge({ ...header, kid: String(header.kid).toUpperCase() }, claims, es256(attacker.privateKey)),
    ],
    ["no kid", "unknown_key", ({ claims, header: { kid: _, ...header } }) => forge(header, claims, es256(attacker.privateKey))],
    [
      "no kid, though our key signed",
      "unknown_key",
      ({ claims, header: { kid: _, ...header } }) => forge(header, claims, es256(attacked.gateway.auth.signingKeys.signer().signingKey)),
    ],
    ["another issuer's key under our kid", "invalid_signature", ({ header, claims }) => forge(header, claims, es256(attacker.privateKey))],
    ["an RSA signature under our kid", "invalid_signature", ({ header, claims }) => forge(header, claims, rs256(attackerRsa.privateKey))],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test("our own signature counts, whatever jwk, jku or x5u stand beside it", async () => {
    const token = issued({ header: { jwk: attackerJwk, jku: "http://127.0.0.1:1/", x5u: "http://127.0.0.1:1/" } });
    expect(dataOf(await attacked.gateway.send(MeDocument, {}, { token })).me?.id).toBe(attacked.material.claims.sub);
  });
});

describe("a signature that does not fit is refused:", () => {
  const replaceSignature = (token: string, signature: string) => [...partsOf(token).slice(0, 2), signature].join(".");
  const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
  test.each<Attack>([
    [
      "a changed claim",
      "invalid_signature",
      ({ token, claims }) => {
        const [header, , signature] = partsOf(token);
        return [header, encode({ ...claims, roles: ["admin"] }), signature].join(".");
      },
    ],
    [
      "a changed header",
      "invalid_signature",
      ({ token, header }) => [encode({ ...header, cty: "JWT" }), ...partsOf(token).slice(1)].join("."),
    ],
    ["an empty signature", "invalid_signature", ({ token }) => replaceSignature(token, "")],
    ["one whose last character is missing", "invalid_signature", ({ token }) => token.slice(0, -1)],
    ["one that is cut in half", "invalid_signature", ({ token }) => token.slice(0, -43)],
    ["one that goes on", "invalid_signature", ({ token }) => `${token}AAAA`],
    ["nothing but zeros", "invalid_signature", ({ token }) => replaceSignature(token, Buffer.alloc(64).toString("base64url"))],
    [
      "r and s equal to the curve's order",
      "invalid_signature",
      ({ token }) => replaceSignature(token, Buffer.concat([order, order]).toString("base64url")),
    ],
    [
      "DER instead of r ‖ s",
      "invalid_signature",
      ({ header, claims }) => forge(header, claims, rs256(attacked.gateway.auth.signingKeys.signer().signingKey)),
    ],
    [
      "the signature of another token",
      "invalid_signature",
      ({ token }) => replaceSignature(token, partsOf(issued({ claims: { jti: "another" } }))[2]),
    ],
    ["a token that is cut in its payload", "malformed", ({ token }) => token.slice(0, token.lastIndexOf(".") - 10)],
    ["a token without its signature part", "malformed", ({ token }) => token.slice(0, token.lastIndexOf("."))],
  ])("%s → %s", async (...attack) => expectRefused(attack));
});

describe("the Authorization header", () => {
  test.each([
    ["nothing", {}],
    ["an empty one", { authorization: "" }],
    ["Bearer alone", { authorization: "Bearer" }],
    ["Bearer and a space", { authorization: "Bearer " }],
    ["Basic", { authorization: "Basic dXNlcjpwYXNzd29yZA==" }],
    ["DPoP", { authorization: "DPoP a.b.c" }],
    ["another scheme that begins with Bearer", { authorization: "BearerX a.b.c" }],
  ])("%s is no token: missing", async (_name, headers) => {
    await expectAnonymous(headers, "missing");
  });

  test("a token without its scheme, or elsewhere, is not read", async () => {
    const { token } = attacked.material;
    await expectAnonymous({ authorization: token }, "missing");
    await expectAnonymous({ "x-access-token": token }, "missing");
    const reply = await attacked.gateway.post({ query: "{ me { id } }", extensions: { authorization: `Bearer ${token}` } });
    expect(reply.errors[0]?.extensions.reason).toBe("missing");
  });

  test("a token in a cookie is not read", async () => {
    await expectAnonymous({ cookie: `access_token=${attacked.material.token}` }, "missing");
  });

  test.each(["Bearer", "bearer", "BEARER", "Bearer  "])("takes the scheme as %j", async (scheme) => {
    const reply = await attacked.gateway.send(MeDocument, {}, { headers: { authorization: `${scheme} ${attacked.material.token}` } });
    expect(dataOf(reply).me?.id).toBe(attacked.material.claims.sub);
  });
});

describe("with a bad token", () => {
  test("signing in works, and what it returns works", async () => {
    const email = String(attacked.material.claims.email);
    const reply = await attacked.gateway.send(LoginDocument, { input: { email, password: PASSWORD } }, { token: "nonsense" });
    const { login } = dataOf(reply);
    expect(dataOf(await attacked.gateway.send(MeDocument, {}, { token: login.accessToken })).me?.id).toBe(login.user.id);
  });

  test("nothing that was sent comes back or is logged", async () => {
    const canary = encode("a canary in a token");
    const token = forge({ ...attacked.material.header, kid: canary }, { ...attacked.material.claims, email: canary }, () => canary);
    const reply = await attacked.gateway.post({ query: "{ me { id } }" }, { token });
    expect(reply.text + JSON.stringify(attacked.gateway.logs)).not.toContain(canary);
    expect(JSON.stringify(attacked.gateway.logs)).not.toContain(attacked.material.token);
  });
});
