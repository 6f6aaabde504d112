import { createPrivateKey, createPublicKey, generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { rsaWeakness } from "../../src/auth/tokens/keys/weak-keys.ts";
import { isAnonymous } from "../../src/core/permissions.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type Forgery, type IssuerKey, newIssuerKey, startTestIssuer, type TestIssuer } from "../support/keys/other-issuer.ts";
import { rocaKey, smallKey } from "../support/keys/weak-keys.ts";

let issuer: TestIssuer;
/** Its tokens have no `aud`. */
let byClient: TestIssuer;
let gateway: TestGateway;

beforeAll(async () => {
  [issuer, byClient] = await Promise.all([startTestIssuer(), startTestIssuer()]);
  const withClients = byClient.entry("discovery: true", "clients: [web, mobile app]").replace(/ {4}audience: .*\n/, "");
  const entries = [issuer.entry("discovery: true", "clients: [web]", "algorithms: [RS256, ES256]"), withClients];
  gateway = await startTestGateway({ gatewayYaml: `issuers:${entries.join("")}` });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([issuer, byClient].map((each) => each?.close()));
});
beforeEach(() => gateway.clock.advance(601));

const now = () => Math.floor(gateway.clock.now().getTime() / 1000);

async function verdictOn(forgery: Forgery, by: TestIssuer = issuer): Promise<string> {
  const caller = await gateway.auth.callers.identify(await by.sign({ at: now(), ...forgery }));
  return isAnonymous(caller) ? caller.reason : "believed";
}

const jwkOf = ({ kid, alg, publicKey }: IssuerKey) => ({ ...publicKey.export({ format: "jwk" }), kid, alg });
const publish = (...keys: unknown[]) => issuer.answer("/keys", { keys });

describe("a token without aud", () => {
  test.each<[string, Record<string, unknown>, string]>([
    ["of a client that is listed, by client_id", { client_id: "web" }, "believed"],
    ["of a client that is listed, by azp", { azp: "web" }, "believed"],
    ["of another client", { client_id: "other" }, "wrong_audience"],
    ["of nobody", {}, "wrong_audience"],
    ["of a list of clients", { client_id: ["web"] }, "wrong_audience"],
  ])("%s", async (_name, claims, verdict) => {
    publish(jwkOf(issuer.key));
    expect(await verdictOn({ claims: { aud: undefined, ...claims } })).toBe(verdict);
    expect(await verdictOn({ claims: { aud: undefined, ...claims } }, byClient)).toBe(verdict);
  });

  test("is what counts by clients: one with another aud is refused, whatever its client", async () => {
    publish(jwkOf(issuer.key));
    expect(await verdictOn({ claims: { aud: "https://other.test", client_id: "web" } })).toBe("wrong_audience");
    expect(await verdictOn({ claims: { aud: "web", azp: "web" } }, byClient)).toBe("wrong_audience");
  });
});

test.each(["iat", "nbf"])("a token whose %s is ahead of time is not valid yet, a minute apart", async (claim) => {
  publish(jwkOf(issuer.key));
  expect(await verdictOn({ claims: { [claim]: now() + 70 } })).toBe("not_yet_valid");
  expect(await verdictOn({ claims: { [claim]: now() + 50 } })).toBe("believed");
});

test("what is no key leaves the other keys of the set good", async () => {
  publish(null, "key", 7, [], {}, { kty: "RSA" }, { kty: "RSA", n: "!", e: "AQAB", kid: issuer.key.kid }, jwkOf(issuer.key));
  expect(await verdictOn({})).toBe("believed");
});

test("of several keys with one name each is tried, whatever their kinds", async () => {
  const [first, second, third] = [newIssuerKey(), newIssuerKey(), newIssuerKey("ES256")].map((key) => ({ ...key, kid: "same" }));
  if (first === undefined || second === undefined || third === undefined) throw new Error("there are three");
  publish(...[first, second, third].map(jwkOf));
  for (const by of [first, second, third]) expect(await verdictOn({ by })).toBe("believed");
  expect(await verdictOn({ by: { ...newIssuerKey(), kid: "same" } })).toBe("invalid_signature");
});

function issuerKeyOf(jwk: object): IssuerKey {
  const privateKey = createPrivateKey({ key: jwk as never, format: "jwk" });
  return { kid: "weak", alg: "RS256", privateKey, publicKey: createPublicKey(privateKey) };
}

test("a key of the ROCA kind signs nothing that is believed, and the others of its set do", async () => {
  const weak = issuerKeyOf(rocaKey());
  publish(jwkOf(weak), jwkOf(issuer.key));
  expect(await verdictOn({ by: weak })).toBe("unknown_key");
  expect(await verdictOn({})).toBe("believed");
});

describe("a weak RSA key is told by its numbers", () => {
  const good = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ format: "jwk" });

  test.each<[string, () => object, string | undefined]>([
    ["one of 2048 bits", () => good, undefined],
    ["no RSA key", () => ({ kty: "EC" }), undefined],
    ["one of 1024 bits", smallKey, "1024 bits"],
    ["an exponent of 1", () => ({ ...good, e: "AQ" }), "exponent"],
    ["an even exponent", () => ({ ...good, e: "AQAA" }), "exponent"],
    ["no exponent", () => ({ ...good, e: undefined }), "no exponent"],
    ["an empty modulus", () => ({ ...good, n: "" }), "no modulus"],
    ["a modulus of the ROCA kind", rocaKey, "ROCA"],
  ])("%s", (_name, make, weakness) => {
    if (weakness === undefined) expect(rsaWeakness(make())).toBeUndefined();
    else expect(rsaWeakness(make())).toContain(weakness);
  });
});
