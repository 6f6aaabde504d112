import { createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AnonymousReason } from "../../src/core/permissions.ts";
import { LoginDocument, LogoutDocument, MeDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import type { TestClock } from "../support/clock.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

type Members = Record<string, unknown>;

/** What an attacker has: a token of their own, all that is public, and a key pair that nobody here knows. */
interface Material {
  readonly token: string;
  readonly refreshToken: string;
  readonly header: Members;
  readonly claims: Members;
  readonly publicKey: KeyObject;
}

let gateway: TestGateway;
let material: Material;
/** Stands still, so that the tolerance can be tried to the second. */
const start = Math.floor(Date.now() / 1000) * 1000;
let elapsed = 0;
const clock: TestClock = {
  now: () => new Date(start + elapsed),
  advance(seconds) {
    elapsed += seconds * 1000;
  },
};
const nowSeconds = () => clock.now().getTime() / 1000;

const attacker = generateKeyPairSync("ec", { namedCurve: "P-256" });
const attackerRsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const attackerJwk = attacker.publicKey.export({ format: "jwk" });

beforeAll(async () => {
  gateway = await startTestGateway({ clock });
  const { accessToken, refreshToken } = await gateway.register();
  const { verifyingKey } = gateway.auth.signingKeys.signer();
  material = {
    token: accessToken,
    refreshToken: refreshToken ?? "",
    header: decodePart(accessToken, 0),
    claims: decodePart(accessToken, 1),
    publicKey: verifyingKey,
  };
});
afterAll(() => gateway.close());

function partsOf(token: string): [string, string, string] {
  const [header = "", payload = "", signature = ""] = token.split(".");
  return [header, payload, signature];
}

function decodePart(token: string, index: 0 | 1): Members {
  return JSON.parse(Buffer.from(partsOf(token)[index], "base64url").toString());
}

function encode(part: unknown): string {
  return Buffer.from(typeof part === "string" ? part : JSON.stringify(part)).toString("base64url");
}

type Signer = (input: string) => string;
const es256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url");
const rs256 =
  (key: KeyObject): Signer =>
  (input) =>
    sign("sha256", Buffer.from(input), key).toString("base64url");
const hs256 =
  (secret: string | Buffer): Signer =>
  (input) =>
    createHmac("sha256", secret).update(input).digest("base64url");

function forge(header: unknown, payload: unknown, signer: Signer): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${signer(input)}`;
}

/** Signed by the gateway's own key, as if a bug or an insider had issued it. */
function issued(changes: { header?: Members; claims?: Members | string }): string {
  const claims = typeof changes.claims === "string" ? changes.claims : { ...material.claims, ...changes.claims };
  return forge({ ...material.header, ...changes.header }, claims, es256(gateway.auth.signingKeys.signer().signingKey));
}

async function state(): Promise<Members | undefined> {
  const [row] = await gateway.database.sql`select (select count(*)::int from audit_events) as events,
    (select count(*)::int from sessions where ended_at is null) as live, (select count(*)::int from signing_keys) as keys`;
  return row;
}

/** The whole promise about a bad token: the guarded field says why, the public one answers, nothing changes, a good token still works. */
async function expectAnonymous(headers: Record<string, string>, reason: AnonymousReason): Promise<void> {
  const before = await state();
  const reply = await gateway.post({ query: "{ __typename me { id } }" }, { headers });
  expect(reply.status).toBe(200);
  expect(reply.data).toEqual({ __typename: "Query", me: null });
  expect(reply.errors).toEqual([
    {
      message: "This field needs a valid access token.",
      locations: [{ line: 1, column: 14 }],
      path: ["me"],
      extensions: { code: "UNAUTHENTICATED", reason, coordinate: "Query.me", directive: "authenticated" },
    },
  ]);
  expect(dataOf(await gateway.send(LogoutDocument, {}, { headers })).logout).toEqual({ endedSessions: 0 });
  expect(await state()).toEqual(before);
  expect(dataOf(await gateway.send(MeDocument, {}, { token: material.token })).me?.id).toBe(material.claims.sub);
}

type Attack = readonly [name: string, reason: AnonymousReason, token: (from: Material) => string];

async function expectRefused([, reason, token]: Attack): Promise<void> {
  await expectAnonymous({ authorization: `Bearer ${token(material)}` }, reason);
}

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
      ({ claims, header: { kid: _, ...header } }) => forge(header, claims, es256(gateway.auth.signingKeys.signer().signingKey)),
    ],
    ["another issuer's key under our kid", "invalid_signature", ({ header, claims }) => forge(header, claims, es256(attacker.privateKey))],
    ["an RSA signature under our kid", "invalid_signature", ({ header, claims }) => forge(header, claims, rs256(attackerRsa.privateKey))],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test("our own signature counts, whatever jwk, jku or x5u stand beside it", async () => {
    const token = issued({ header: { jwk: attackerJwk, jku: "http://127.0.0.1:1/", x5u: "http://127.0.0.1:1/" } });
    expect(dataOf(await gateway.send(MeDocument, {}, { token })).me?.id).toBe(material.claims.sub);
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
      ({ header, claims }) => forge(header, claims, rs256(gateway.auth.signingKeys.signer().signingKey)),
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

describe("a token of another kind is refused:", () => {
  const types: Attack[] = (
    [
      ["JWT", "JWT"],
      ["jwt", "jwt"],
      ["an empty one", ""],
      ["at+jwt with something before it", "xat+jwt"],
      ["at+jwt with something after it", "at+jwt+x"],
      ["at+jwt with a line break", "at+jwt\n"],
      ["text/at+jwt", "text/at+jwt"],
      ["id_token+jwt", "id_token+jwt"],
      ["dpop+jwt", "dpop+jwt"],
      ["a list", ["at+jwt"]],
      ["null", null],
      ["none", undefined],
    ] as const
  ).map(([name, typ]) => [`typ: ${name}`, "not_an_access_token", () => issued({ header: { typ } })]);
  const claimed: Attack[] = ["refresh", "id", "Access", "access ", ""].map((type) => [
    `type claim "${type}"`,
    "not_an_access_token",
    () => issued({ claims: { type } }),
  ]);
  test.each<Attack>([
    ...types,
    ...claimed,
    ["a refresh token", "not_an_access_token", ({ refreshToken }) => refreshToken],
    ["something that begins like a refresh token", "not_an_access_token", () => "rt1_"],
    ["no type claim", "malformed", () => issued({ claims: { type: undefined } })],
    ["an unknown critical header", "unsupported_critical_header", () => issued({ header: { crit: ["exp"], exp: 1 } })],
    ["b64 as critical header", "unsupported_critical_header", () => issued({ header: { crit: ["b64"], b64: false } })],
    ["an empty crit", "unsupported_critical_header", () => issued({ header: { crit: [] } })],
    ["crit null", "unsupported_critical_header", () => issued({ header: { crit: null } })],
    ["an unknown crit of a stranger", "unsupported_critical_header", ({ claims }) => forge({ alg: "none", crit: ["x"] }, claims, () => "")],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test.each(["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"])("typ %s is an access token", async (typ) => {
    const reply = await gateway.send(MeDocument, {}, { token: issued({ header: { typ } }) });
    expect(dataOf(reply).me?.id).toBe(material.claims.sub);
  });
});

describe("a token from or for somebody else is refused:", () => {
  const issuers: Attack[] = [`${ISSUER}/`, ISSUER.toUpperCase(), `${ISSUER}.evil.example`, "http://auth.test", ""].map((iss) => [
    `iss "${iss}"`,
    "wrong_issuer",
    () => issued({ claims: { iss } }),
  ]);
  const audiences: Attack[] = [["https://other.test"], [`${ISSUER}/`], [[]], [["https://other.test"]], [["https://other.test", ""]]].map(
    ([aud]) => [`aud ${JSON.stringify(aud)}`, "wrong_audience", () => issued({ claims: { aud } })],
  );
  test.each<Attack>([
    ...issuers,
    ...audiences,
    ["iss as a list", "malformed", () => issued({ claims: { iss: [ISSUER] } })],
    ["no iss", "malformed", () => issued({ claims: { iss: undefined } })],
    ["no aud", "malformed", () => issued({ claims: { aud: undefined } })],
    ["aud as an object", "malformed", () => issued({ claims: { aud: { 0: ISSUER } } })],
    ["aud with a number", "malformed", () => issued({ claims: { aud: [ISSUER, 1] } })],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test.each([[[ISSUER]], [["https://other.test", ISSUER]]])("aud %j is for us", async (aud) => {
    expect(dataOf(await gateway.send(MeDocument, {}, { token: issued({ claims: { aud } }) })).me?.id).toBe(material.claims.sub);
  });
});

describe("a token out of its time is refused:", () => {
  test.each<Attack>([
    ["expired 5 s ago", "expired", () => issued({ claims: { exp: nowSeconds() - 5 } })],
    ["expired long ago", "expired", () => issued({ claims: { exp: 1 } })],
    ["exp zero", "expired", () => issued({ claims: { exp: 0 } })],
    ["exp below zero", "expired", () => issued({ claims: { exp: -1 } })],
    ["exp in milliseconds of the past", "expired", () => issued({ claims: { exp: -Date.now() } })],
    ["nbf in 60.001 s", "not_yet_valid", () => issued({ claims: { nbf: nowSeconds() + 60.001 } })],
    ["iat in 60.001 s", "not_yet_valid", () => issued({ claims: { iat: nowSeconds() + 60.001 } })],
    ["iat in a year", "not_yet_valid", () => issued({ claims: { iat: nowSeconds() + 31_536_000 } })],
    ["nbf in a year", "not_yet_valid", () => issued({ claims: { nbf: nowSeconds() + 31_536_000 } })],
    ["no exp", "malformed", () => issued({ claims: { exp: undefined } })],
    ["exp as text", "malformed", () => issued({ claims: { exp: "9999999999" } })],
    ["exp beyond all numbers", "malformed", ({ claims }) => issued({ claims: JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999') })],
    ["nbf as text", "malformed", () => issued({ claims: { nbf: "1" } })],
    ["nbf null", "malformed", () => issued({ claims: { nbf: null } })],
    ["no iat", "malformed", () => issued({ claims: { iat: undefined } })],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test.each([
    ["expired 4.999 s ago", () => ({ exp: nowSeconds() - 4.999 })],
    ["not valid for another minute", () => ({ nbf: nowSeconds() + 60 })],
    ["issued in a minute", () => ({ iat: nowSeconds() + 60 })],
    ["valid since a while", () => ({ nbf: nowSeconds() - 60 })],
  ])("clocks may differ, by a minute where the issuer's is ahead and by 5 s beyond the end: %s", async (_name, claims) => {
    expect(dataOf(await gateway.send(MeDocument, {}, { token: issued({ claims: claims() }) })).me?.id).toBe(material.claims.sub);
  });
});

describe("what is no token of ours is refused:", () => {
  const garbage: Attack[] = (
    [
      ["a word", "token"],
      ["two dots", ".."],
      ["many dots", ".".repeat(8000)],
      ["two parts", "a.b"],
      ["four parts", "a.b.c.d"],
      ["five parts (JWE)", "a.b.c.d.e"],
      ["garbage in the alphabet", "aaaa.bbbb.cccc"],
      ["characters outside the alphabet", "!!!.$$$.***"],
      ["padding", "e30=.e30=.AA=="],
      ["bytes beyond ASCII", Buffer.from("пароль💥").toString("latin1")],
      ["JSON", '{"alg":"none"}'],
      ["a JSON list", "[1,2,3]"],
      ["two tokens", "a.b.c d.e.f"],
      ["a quoted token", '"a.b.c"'],
    ] as const
  ).map(([name, text]) => [name, "malformed", () => text]);
  const headers: Attack[] = ["[]", '["ES256"]', "null", "0", "1", '"text"', "true", "{", "{}", '{"__proto__":{"alg":"ES256"}}'].map(
    (text) => [`the header ${text}`, "malformed", ({ claims }) => `${encode(text)}.${encode(claims)}.AA`],
  );
  const payloads: Attack[] = ["[]", "null", "0", '"text"', "not JSON", "{", "{}", '{"__proto__":{"type":"access"}}'].map((text) => [
    `the payload ${text}, genuinely signed`,
    "malformed",
    () => issued({ claims: text }),
  ]);
  const claims: Attack[] = (
    [
      ["sub", 1],
      ["sub", undefined],
      ["sid", null],
      ["jti", undefined],
      ["ver", "1"],
      ["ver", undefined],
      ["roles", "admin"],
      ["roles", [1]],
      ["roles", { length: 1, 0: "admin" }],
      ["scope", ["users:read"]],
      ["email", undefined],
    ] as const
  ).map(([name, value]) => [
    `the claim ${name} as ${JSON.stringify(value) ?? "nothing"}, genuinely signed`,
    "malformed",
    () => issued({ claims: { [name]: value } }),
  ]);
  test.each<Attack>([
    ...garbage,
    ...headers,
    ...payloads,
    ...claims,
    [
      "claims by way of __proto__, genuinely signed",
      "malformed",
      ({ claims: all }) => issued({ claims: `{"__proto__":${JSON.stringify(all)}}` }),
    ],
    ["deep nesting", "malformed", ({ claims: all }) => `${encode("[".repeat(3000))}.${encode(all)}.AA`],
    ["a token in padded base64", "malformed", ({ token }) => `${token}==`],
    ["a token with a line break's escape in it", "malformed", ({ token }) => token.replace(".", "%0A.")],
    ["8,192 characters", "malformed", () => "a".repeat(8192)],
    ["8,193 characters", "too_large", () => "a".repeat(8193)],
    ["15,000 characters", "too_large", () => "a".repeat(15_000)],
    ["a genuine token over 8 kB", "too_large", () => issued({ claims: { padding: "x".repeat(8192) } })],
    ["a refresh token over 8 kB", "too_large", () => `rt1_${"x".repeat(8192)}`],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test("__proto__ beside genuine claims changes nothing", async () => {
    const claims = JSON.stringify(material.claims).replace("{", '{"__proto__":{"roles":["admin"],"polluted":true},');
    const reply = await gateway.send(MeDocument, {}, { token: issued({ claims }) });
    expect(dataOf(reply).me).toMatchObject({ id: material.claims.sub, roles: ["user"] });
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
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
    const { token } = material;
    await expectAnonymous({ authorization: token }, "missing");
    await expectAnonymous({ "x-access-token": token }, "missing");
    const reply = await gateway.post({ query: "{ me { id } }", extensions: { authorization: `Bearer ${token}` } });
    expect(reply.errors[0]?.extensions.reason).toBe("missing");
  });

  test("a token in a cookie is not read", async () => {
    await expectAnonymous({ cookie: `access_token=${material.token}` }, "missing");
  });

  test.each(["Bearer", "bearer", "BEARER", "Bearer  "])("takes the scheme as %j", async (scheme) => {
    const reply = await gateway.send(MeDocument, {}, { headers: { authorization: `${scheme} ${material.token}` } });
    expect(dataOf(reply).me?.id).toBe(material.claims.sub);
  });
});

describe("with a bad token", () => {
  test("signing in works, and what it returns works", async () => {
    const email = String(material.claims.email);
    const reply = await gateway.send(LoginDocument, { input: { email, password: PASSWORD } }, { token: "nonsense" });
    const { login } = dataOf(reply);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: login.accessToken })).me?.id).toBe(login.user.id);
  });

  test("nothing that was sent comes back or is logged", async () => {
    const canary = encode("a canary in a token");
    const token = forge({ ...material.header, kid: canary }, { ...material.claims, email: canary }, () => canary);
    const reply = await gateway.post({ query: "{ me { id } }" }, { token });
    expect(reply.text + JSON.stringify(gateway.logs)).not.toContain(canary);
    expect(JSON.stringify(gateway.logs)).not.toContain(material.token);
  });
});
