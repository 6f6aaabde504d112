import { generateKeyPairSync } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createVerifier, IdentityError, type IdentityProblem } from "../../packages/verify/src/verifier.ts";
import { type Forgery, JWKS_PATH, newKey, now, serveIdentityKeys } from "../support/keys/identity-keys.ts";

const served = serveIdentityKeys();
const { publish, issue, genuine, forge } = served;

async function expectRefused(token: string, reason: IdentityProblem): Promise<void> {
  const error = await served.verify({ "gateway-identity": token }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(IdentityError);
  expect(error).toMatchObject({ reason, statusCode: reason === "keys_unavailable" ? 503 : 401 });
  const status = reason === "keys_unavailable" ? 503 : 401;
  const code = status === 503 ? "SERVICE_UNAVAILABLE" : "UNAUTHENTICATED";
  expect(error).toMatchObject({ extensions: { code, reason, http: { status } } });
  const told =
    reason === "access_token" ? / This function verifies the identity .*, not access tokens: .*docs\/operate\/services\.md/ : /^$/;
  expect(String(error).replace(`IdentityError: The Gateway-Identity header is refused: ${reason}.`, "")).toMatch(told);
  publish(served.key);
  expect((await createVerifier({ issuer: served.server.url, audience: "products" })(issue()))?.subject).toBe("u-1");
}

describe("an identity token is refused", () => {
  test.each<[string, IdentityProblem, () => Forgery]>([
    ["expired", "expired", () => ({ claims: { exp: now() - 6 } })],
    ["not valid yet", "not_yet_valid", () => ({ claims: { nbf: now() + 8 } })],
    ["without an end", "malformed", () => ({ claims: { exp: undefined } })],
    ["for another service", "wrong_audience", () => ({ claims: { aud: "reviews" } })],
    ["for a service whose name begins alike", "wrong_audience", () => ({ claims: { aud: "products-2" } })],
    ["for nobody", "malformed", () => ({ claims: { aud: undefined } })],
    ["of another gateway", "wrong_issuer", () => ({ claims: { iss: "https://other.example" } })],
    ["of a gateway whose address begins alike", "wrong_issuer", () => ({ claims: { iss: `${served.server.url}/` } })],
    ["of nobody", "malformed", () => ({ claims: { iss: undefined } })],
    ["about nobody", "malformed", () => ({ claims: { sub: undefined } })],
    ["with roles that are no list", "malformed", () => ({ claims: { roles: "admin" } })],
    ["with roles that are no texts", "malformed", () => ({ claims: { roles: [1] } })],
    ["without scopes", "malformed", () => ({ claims: { scope: undefined } })],
    ["with a session that is no text", "malformed", () => ({ claims: { sid: 1 } })],
    ["with an issuer's name that is no text", "malformed", () => ({ claims: { idp: ["x"] } })],
    ["that is an access token", "access_token", () => ({ header: { typ: "at+jwt" } })],
    ["without a subject that says to be anonymous by a text", "malformed", () => ({ claims: { sub: undefined, anonymous: "true" } })],
    ["that is any JWT", "wrong_type", () => ({ header: { typ: "JWT" } })],
    ["without a type", "wrong_type", () => ({ header: { typ: undefined } })],
    ["with an unknown critical header", "malformed", () => ({ header: { crit: ["x"], x: 1 } })],
    ["by a key that nobody published", "unknown_key", () => ({ header: { kid: "another" }, by: newKey().signingKey })],
    ["by another key under our kid", "invalid_signature", () => ({ by: newKey().signingKey })],
    [
      "by a key that it brings along",
      "invalid_signature",
      () => ({ header: { jwk: newKey().publicJwk, jku: `${served.server.url}/x` }, by: newKey().signingKey }),
    ],
  ])("%s", async (_what, reason, forgery) => {
    // jose refuses to sign an unknown critical header.
    const token = await forge(forgery()).catch(() =>
      unsigned({ alg: "ES256", kid: served.key.kid, typ: "gateway-identity+jwt", crit: ["x"], x: 1 }),
    );
    await expectRefused(token, reason);
  });

  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const unsigned = (header: unknown) => `${encode(header)}.${encode(genuine())}.AAAA`;

  test.each(["none", "None", ""])("with the algorithm %j", async (alg) => {
    const reason = alg === "" ? "malformed" : "wrong_algorithm";
    await expectRefused(`${encode({ alg, kid: served.key.kid, typ: "gateway-identity+jwt" })}.${encode(genuine())}.`, reason);
  });

  test("with HS256 and the public key as the secret", async () => {
    const pem = served.key.verifyingKey.export({ format: "pem", type: "spki" });
    for (const secret of [pem, JSON.stringify(served.key.publicJwk), served.key.verifyingKey.export({ format: "der", type: "spki" })]) {
      const token = await new SignJWT(genuine())
        .setProtectedHeader({ alg: "HS256", kid: served.key.kid, typ: "gateway-identity+jwt" })
        .sign(Buffer.from(secret));
      await expectRefused(token, "wrong_algorithm");
    }
  });

  test("with another asymmetric algorithm, though such a key is published", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    served.server.answer(JWKS_PATH, {
      keys: [served.key.publicJwk, { ...publicKey.export({ format: "jwk" }), kid: "p384", alg: "ES384", use: "sig" }],
    });
    await expectRefused(await forge({ header: { alg: "ES384", kid: "p384" }, by: privateKey }), "wrong_algorithm");
  });

  test("with a claim changed", async () => {
    const [header, , signature] = issue().split(".");
    await expectRefused(`${header}.${encode({ ...genuine(), roles: ["admin"] })}.${signature}`, "invalid_signature");
  });

  test.each(["a", "a.b.c", "..", "a.b.c.d.e", "{}", `${"x".repeat(9000)}`])("that is none: %.12s", (text) =>
    expectRefused(text, "malformed"),
  );

  test("that stands beside another, whoever is first", async () => {
    const mine = issue();
    const theirs = await forge({ claims: { roles: ["admin"] }, by: newKey().signingKey });
    for (const pair of [`${mine}, ${theirs}`, `${theirs}, ${mine}`]) await expectRefused(pair, "malformed");
    await expect(served.verify({ "gateway-identity": [mine, theirs] })).rejects.toMatchObject({ reason: "malformed" });
    await expect(served.verify({ "gateway-identity": mine, "Gateway-Identity": theirs })).rejects.toMatchObject({ reason: "malformed" });
  });

  test("where no keys can be had, and believed once they can", async () => {
    const token = issue();
    for (const content of [undefined, { keys: "none" }, "text"]) {
      served.server.answer(JWKS_PATH, content);
      await expect(served.verify(token)).rejects.toMatchObject({ reason: "keys_unavailable", statusCode: 503 });
    }
    publish(served.key);
    expect((await served.verify(token))?.subject).toBe("u-1");
  });
});
