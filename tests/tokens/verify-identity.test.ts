import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createVerifier, IdentityError, type IdentityProblem, type VerifyIdentity } from "../../packages/verify/src/verifier.ts";
import { createIdentityTokens } from "../../src/auth/tokens/identity-tokens.ts";
import { keyFromPrivate } from "../../src/auth/tokens/keys/key-pairs.ts";
import { createFixedKeys, type SignerKey } from "../../src/auth/tokens/keys/signing-keys.ts";
import type { Visitor } from "../../src/auth/tokens/visitor.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { type KeyServer, startKeyServer } from "../support/keys/key-server.ts";

const JWKS_PATH = "/.well-known/jwks.json";
const newKey = () => keyFromPrivate("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const now = () => Math.floor(Date.now() / 1000);

/** What stands at the gateway's address. */
let server: KeyServer;
let key: SignerKey;
let verify: VerifyIdentity;
beforeAll(async () => {
  server = await startKeyServer();
});
afterAll(() => server.close());
beforeEach(() => {
  key = newKey();
  publish(key);
  verify = createVerifier({ issuer: server.url, audience: "products" });
});

function publish(...keys: SignerKey[]): void {
  server.answer(JWKS_PATH, { keys: keys.map(({ publicJwk }) => publicJwk) });
}

const fetches = () => server.asked.filter((path) => path === JWKS_PATH).length;

/** How many times the keys are read while the work lasts. */
async function fetchesDuring(work: () => Promise<unknown>): Promise<number> {
  const before = fetches();
  await work();
  return fetches() - before;
}

function viewer(facts: Partial<Visitor> = {}): Visitor {
  const expiresAt = new Date(Date.now() + 900_000);
  return {
    issuer: server.url,
    subject: "u-1",
    sessionId: "s-1",
    roles: new Set(["user"]),
    scopes: new Set(["a", "b"]),
    expiresAt,
    ...facts,
  };
}

/** As the gateway issues it. */
function issue(visitor: Visitor = viewer(), { audience = "products", issuer = server.url, by = key } = {}): string {
  const tokens = createIdentityTokens({ keys: createFixedKeys([by]), clock: systemClock, random: createSecureRandom() }, { issuer });
  return tokens.issue(visitor, { audience, claims: ["email"] });
}

const genuine = () => ({
  iss: server.url,
  aud: "products",
  iat: now(),
  exp: now() + 60,
  jti: "j",
  sub: "u-1",
  sid: "s-1",
  roles: ["user"],
  scope: "",
});

interface Forgery {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly by?: KeyObject;
}

/** A token that differs from a genuine one in what is given; signed by the gateway's own key unless by another. */
function forge({ header = {}, claims = {}, by = key.signingKey }: Forgery): Promise<string> {
  const protectedHeader = { alg: "ES256", kid: key.kid, typ: "gateway-identity+jwt", ...header };
  return new SignJWT({ ...genuine(), ...claims }).setProtectedHeader(protectedHeader).sign(by);
}

async function expectRefused(token: string, reason: IdentityProblem): Promise<void> {
  const error = await verify({ "gateway-identity": token }).then(
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
  publish(key);
  expect((await createVerifier({ issuer: server.url, audience: "products" })(issue()))?.subject).toBe("u-1");
}

describe("an identity token is believed", () => {
  test.each<[string, (token: string) => Parameters<VerifyIdentity>[0]]>([
    ["as text", (token) => token],
    ["in the headers of Node.js", (token) => ({ "gateway-identity": token, host: "x", "set-cookie": ["a", "b"] })],
    ["in the headers of fetch", (token) => new Headers({ "Gateway-Identity": token })],
    ["in the headers of AWS Lambda, spelled as they were sent", (token) => ({ Host: "x", "Gateway-Identity": token })],
    ["in capitals", (token) => ({ "GATEWAY-IDENTITY": token })],
    ["in a Map", (token) => new Map([["Gateway-Identity", token]])],
    ["in headers whose values are lists", (token) => ({ host: ["x"], "Gateway-Identity": [token] })],
  ])("%s", async (_where, sourceOf) => {
    expect(await verify(sourceOf(issue(viewer({ email: "ada@example.com" }))))).toEqual({
      issuer: server.url,
      subject: "u-1",
      userId: "u-1",
      sessionId: "s-1",
      roles: new Set(["user"]),
      scopes: new Set(["a", "b"]),
      email: "ada@example.com",
      claims: {},
    });
  });

  test("of another issuer's caller, who is none of the gateway's users", async () => {
    const { sessionId: _, ...rest } = viewer();
    expect(await verify(issue({ ...rest, issuer: "https://idp.example" }))).toMatchObject({
      issuer: "https://idp.example",
      subject: "u-1",
      userId: undefined,
      sessionId: undefined,
    });
  });

  test("with RS256, too, and from where jwksUrl says", async () => {
    const rsa = keyFromPrivate("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    server.answer("/keys", { keys: [rsa.publicJwk] });
    const elsewhere = createVerifier({ issuer: "https://auth.example", audience: "products", jwksUrl: `${server.url}/keys` });
    expect((await elsewhere(issue(viewer(), { issuer: "https://auth.example", by: rsa })))?.subject).toBe("u-1");
  });

  test("while clocks differ by no more than 5 s", async () => {
    expect((await verify(await forge({ claims: { exp: now() - 3 } })))?.subject).toBe("u-1");
    expect((await verify(await forge({ claims: { nbf: now() + 4 } })))?.subject).toBe("u-1");
  });
});

test.each<[string, Parameters<VerifyIdentity>[0]]>([
  ["no headers", undefined],
  ["null", null],
  ["one that is undefined", { "Gateway-Identity": undefined }],
  ["an empty list of it", { "Gateway-Identity": [] }],
  ["no such header", { host: "x" }],
  ["none in the headers of fetch", new Headers({ authorization: "Bearer x" })],
  ["an empty one", { "gateway-identity": "" }],
  ["an empty text", " "],
])("nobody is identified by %s, and no keys are read", async (_what, source) => {
  expect(await fetchesDuring(async () => expect(await verify(source)).toBeUndefined())).toBe(0);
});

describe("an identity token is refused", () => {
  test.each<[string, IdentityProblem, () => Forgery]>([
    ["expired", "expired", () => ({ claims: { exp: now() - 6 } })],
    ["not valid yet", "not_yet_valid", () => ({ claims: { nbf: now() + 8 } })],
    ["without an end", "malformed", () => ({ claims: { exp: undefined } })],
    ["for another service", "wrong_audience", () => ({ claims: { aud: "reviews" } })],
    ["for a service whose name begins alike", "wrong_audience", () => ({ claims: { aud: "products-2" } })],
    ["for nobody", "malformed", () => ({ claims: { aud: undefined } })],
    ["of another gateway", "wrong_issuer", () => ({ claims: { iss: "https://other.example" } })],
    ["of a gateway whose address begins alike", "wrong_issuer", () => ({ claims: { iss: `${server.url}/` } })],
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
      () => ({ header: { jwk: newKey().publicJwk, jku: `${server.url}/x` }, by: newKey().signingKey }),
    ],
  ])("%s", async (_what, reason, forgery) => {
    // jose refuses to sign an unknown critical header.
    const token = await forge(forgery()).catch(() =>
      unsigned({ alg: "ES256", kid: key.kid, typ: "gateway-identity+jwt", crit: ["x"], x: 1 }),
    );
    await expectRefused(token, reason);
  });

  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const unsigned = (header: unknown) => `${encode(header)}.${encode(genuine())}.AAAA`;

  test.each(["none", "None", ""])("with the algorithm %j", async (alg) => {
    const reason = alg === "" ? "malformed" : "wrong_algorithm";
    await expectRefused(`${encode({ alg, kid: key.kid, typ: "gateway-identity+jwt" })}.${encode(genuine())}.`, reason);
  });

  test("with HS256 and the public key as the secret", async () => {
    const pem = key.verifyingKey.export({ format: "pem", type: "spki" });
    for (const secret of [pem, JSON.stringify(key.publicJwk), key.verifyingKey.export({ format: "der", type: "spki" })]) {
      const token = await new SignJWT(genuine())
        .setProtectedHeader({ alg: "HS256", kid: key.kid, typ: "gateway-identity+jwt" })
        .sign(Buffer.from(secret));
      await expectRefused(token, "wrong_algorithm");
    }
  });

  test("with another asymmetric algorithm, though such a key is published", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    server.answer(JWKS_PATH, { keys: [key.publicJwk, { ...publicKey.export({ format: "jwk" }), kid: "p384", alg: "ES384", use: "sig" }] });
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
    await expect(verify({ "gateway-identity": [mine, theirs] })).rejects.toMatchObject({ reason: "malformed" });
    await expect(verify({ "gateway-identity": mine, "Gateway-Identity": theirs })).rejects.toMatchObject({ reason: "malformed" });
  });

  test("where no keys can be had, and believed once they can", async () => {
    const token = issue();
    for (const content of [undefined, { keys: "none" }, "text"]) {
      server.answer(JWKS_PATH, content);
      await expect(verify(token)).rejects.toMatchObject({ reason: "keys_unavailable", statusCode: 503 });
    }
    publish(key);
    expect((await verify(token))?.subject).toBe("u-1");
  });
});

describe("keys", () => {
  afterEach(() => void vi.useRealTimers());

  test("are read once for any number of tokens, and not for what is no identity token", async () => {
    const reads = await fetchesDuring(async () => {
      await expect(verify(await forge({ header: { typ: "at+jwt", kid: "x" } }))).rejects.toMatchObject({ reason: "access_token" });
      await expect(verify(await forge({ header: { typ: undefined, kid: "y" } }))).rejects.toMatchObject({ reason: "wrong_type" });
    });
    expect(reads).toBe(0);
    expect(await fetchesDuring(() => Promise.all(Array.from({ length: 20 }, () => verify(issue()))))).toBe(1);
    expect(await fetchesDuring(() => verify(issue()))).toBe(0);
  });

  test("that are new are found by one more reading; unknown ones cause no flood of them", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await verify(issue());
    const next = newKey();
    publish(key, next);
    const early = await fetchesDuring(async () => {
      for (let times = 0; times < 50; times += 1) {
        await expect(verify(issue(viewer(), { by: next }))).rejects.toMatchObject({ reason: "unknown_key" });
      }
    });
    expect(early).toBe(0);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await fetchesDuring(async () => expect((await verify(issue(viewer(), { by: next })))?.subject).toBe("u-1"))).toBe(1);
    const flood = await fetchesDuring(async () => {
      for (let times = 0; times < 50; times += 1) {
        await expect(verify(await forge({ header: { kid: `k${times}` }, by: next.signingKey }))).rejects.toMatchObject({
          reason: "unknown_key",
        });
      }
    });
    expect(flood).toBe(0);
  });

  test("that are withdrawn are believed for no longer than the gateway lets them be cached", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await verify(issue());
    publish(newKey());
    vi.setSystemTime(Date.now() + 301_000);
    await expect(verify(issue())).rejects.toMatchObject({ reason: "unknown_key" });
  });
});

describe("where an identity is required", () => {
  const strict = () => createVerifier({ issuer: server.url, audience: "products", required: true });

  test("a request without the header is refused, since it came past the gateway", async () => {
    for (const source of [undefined, {}, new Headers(), "", { authorization: "Bearer x" }]) {
      await expect(strict()(source)).rejects.toMatchObject({ reason: "missing", statusCode: 401 });
    }
    expect(await verify({})).toBeUndefined();
  });

  test("the gateway's anonymous callers pass, by its signed word for this service alone", async () => {
    const parts = { keys: createFixedKeys([key]), clock: systemClock, random: createSecureRandom() };
    const tokens = createIdentityTokens(parts, { issuer: server.url });
    const token = tokens.issueAnonymous({ audience: "products" });
    expect(tokens.issueAnonymous({ audience: "products" })).toBe(token);
    expect(await strict()(token)).toBeUndefined();
    expect(await verify(token)).toBeUndefined();
    await expect(strict()(tokens.issueAnonymous({ audience: "reviews" }))).rejects.toMatchObject({ reason: "wrong_audience" });
    expect((await strict()(issue()))?.subject).toBe("u-1");
  });

  test("somebody who has a subject is never anonymous", async () => {
    expect((await strict()(await forge({ claims: { anonymous: true } })))?.subject).toBe("u-1");
  });
});
