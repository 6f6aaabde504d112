import { describe, expect, test } from "vitest";
import { MeDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { ISSUER } from "../support/gateway.ts";
import { type Attack, attackTokens, encode, forge } from "../support/keys/token-attacks.ts";

const attacked = attackTokens();
const { nowSeconds, issued, expectRefused } = attacked;

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
    ["something that begins like a refresh token", "not_an_access_token", () => "rt2_"],
    ["no type claim", "malformed", () => issued({ claims: { type: undefined } })],
    ["an unknown critical header", "unsupported_critical_header", () => issued({ header: { crit: ["exp"], exp: 1 } })],
    ["b64 as critical header", "unsupported_critical_header", () => issued({ header: { crit: ["b64"], b64: false } })],
    ["an empty crit", "unsupported_critical_header", () => issued({ header: { crit: [] } })],
    ["crit null", "unsupported_critical_header", () => issued({ header: { crit: null } })],
    ["an unknown crit of a stranger", "unsupported_critical_header", ({ claims }) => forge({ alg: "none", crit: ["x"] }, claims, () => "")],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test.each(["at+jwt", "AT+JWT", "At+Jwt", "application/at+jwt", "Application/AT+JWT"])("typ %s is an access token", async (typ) => {
    const reply = await attacked.gateway.send(MeDocument, {}, { token: issued({ header: { typ } }) });
    expect(dataOf(reply).me?.id).toBe(attacked.material.claims.sub);
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
    expect(dataOf(await attacked.gateway.send(MeDocument, {}, { token: issued({ claims: { aud } }) })).me?.id).toBe(
      attacked.material.claims.sub,
    );
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
    expect(dataOf(await attacked.gateway.send(MeDocument, {}, { token: issued({ claims: claims() }) })).me?.id).toBe(
      attacked.material.claims.sub,
    );
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
    ["a refresh token over 8 kB", "too_large", () => `rt2_${"x".repeat(8192)}`],
  ])("%s → %s", async (...attack) => expectRefused(attack));

  test("__proto__ beside genuine claims changes nothing", async () => {
    const claims = JSON.stringify(attacked.material.claims).replace("{", '{"__proto__":{"roles":["admin"],"polluted":true},');
    const reply = await attacked.gateway.send(MeDocument, {}, { token: issued({ claims }) });
    expect(dataOf(reply).me).toMatchObject({ id: attacked.material.claims.sub, roles: ["user"] });
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
