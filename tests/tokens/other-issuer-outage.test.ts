import type { ServerResponse } from "node:http";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createOtherIssuers, type OtherIssuers } from "../../src/auth/tokens/other-issuers/other-issuers.ts";
import { parseConfig } from "../../src/config/config.ts";
import { isAnonymous } from "../../src/core/permissions.ts";
import { chooseOtherIssuers } from "../../src/start/other-issuers.ts";
import { MeDocument, RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestClock, type TestClock } from "../support/clock.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newIssuerKey, startTestIssuer, type TestIssuer } from "../support/keys/other-issuer.ts";

const DISCOVERY = "/.well-known/openid-configuration";
const cut = (response: ServerResponse) => response.destroy();

let issuer: TestIssuer;
let clock: TestClock;
let issuers: OtherIssuers;
/** What was told of the issuer's keys. */
let changes: string[];
beforeEach(async () => {
  issuer = await startTestIssuer();
  clock = createTestClock();
  changes = [];
  issuers = createIssuers();
});
afterEach(() => issuer.close());

function createIssuers({ entry = issuer.entry("discovery: true"), mayAsk = mayAskIn("development") } = {}): OtherIssuers {
  const parts = { clock: clock.now, onIssuerChange: ({ error }: { error: unknown }) => changes.push(String(error)) };
  const { issuers: configured } = parseConfig({}, { path: "gateway.yaml", text: `issuers:${entry}` });
  return createOtherIssuers(parts, { issuers: configured, scopesByRole: new Map(), mayAsk });
}

function mayAskIn(environment: "development" | "production") {
  return chooseOtherIssuers({ issuers: [], environment }).mayAsk;
}

const goAway = () => issuer.answer("/keys", cut);
const comeBack = () => issuer.publish(issuer.key);
const readings = () => issuer.asked.filter((path) => path === "/keys").length;
/** A token that nobody has seen. */
const sign = (by = issuer.key) => issuer.sign({ by, claims: { exp: 1e10, jti: crypto.randomUUID() } });

/** `ok`, or the reason. */
async function verdictOf(token: string): Promise<string | undefined> {
  const caller = await issuers.verify(token);
  return caller && (isAnonymous(caller) ? caller.reason : "ok");
}

describe("while the keys of an issuer cannot be had", () => {
  test("a flood of its tokens is no flood of readings, and the first one after a rest is taken again", async () => {
    goAway();
    const tokens = await Promise.all(Array.from({ length: 50 }, () => sign()));
    const verdicts = await Promise.all(tokens.map(verdictOf));
    for (const token of tokens) verdicts.push(await verdictOf(token));
    expect(new Set(verdicts)).toEqual(new Set(["unverifiable"]));
    expect(readings()).toBe(1);
    clock.advance(11);
    expect(await verdictOf(await sign())).toBe("unverifiable");
    expect(readings()).toBe(2);
    comeBack();
    expect(await verdictOf(await sign())).toBe("unverifiable");
    clock.advance(11);
    expect(await verdictOf(await sign())).toBe("ok");
    expect(readings()).toBe(3);
  });

  test("those that are known are good for an hour, and then nothing is let through", async () => {
    const seen = await sign();
    expect(await verdictOf(seen)).toBe("ok");
    goAway();
    clock.advance(3500);
    expect(await verdictOf(seen)).toBe("ok");
    expect(await verdictOf(await sign())).toBe("ok");
    clock.advance(101);
    expect(await verdictOf(seen)).toBe("unverifiable");
    expect(await verdictOf(await sign())).toBe("unverifiable");
    comeBack();
    clock.advance(11);
    expect(await verdictOf(seen)).toBe("ok");
  });

  test("whether an unknown key is one of them cannot be told", async () => {
    expect(await verdictOf(await sign())).toBe("ok");
    goAway();
    clock.advance(11);
    expect(await verdictOf(await sign(newIssuerKey()))).toBe("unverifiable");
  });

  test("that is told once, and once that they are back", async () => {
    goAway();
    for (let times = 0; times < 3; times += 1) {
      await verdictOf(await sign());
      clock.advance(11);
    }
    expect(changes).toEqual(["TypeError: fetch failed"]);
    comeBack();
    for (let times = 0; times < 3; times += 1) await verdictOf(await sign());
    expect(changes.slice(1)).toEqual(["undefined"]);
  });
});

describe("keys are refused, whatever they are, where", () => {
  const discovered = (change: object) => issuer.answer(DISCOVERY, { issuer: issuer.url, jwks_uri: `${issuer.url}/keys`, ...change });
  test.each<[string, () => void]>([
    ["the discovery document is of another issuer", () => discovered({ issuer: "https://other.test" })],
    ["the discovery document's issuer differs by a slash", () => discovered({ issuer: `${issuer.url}/` })],
    ["the discovery document names no issuer", () => discovered({ issuer: undefined })],
    ["the discovery document names no keys", () => discovered({ jwks_uri: undefined })],
    ["the discovery document has them in itself", () => discovered({ jwks_uri: 'data:application/json,{"keys":[]}' })],
    ["the discovery document names a file", () => discovered({ jwks_uri: "file:///etc/passwd" })],
    ["the discovery document names what is no URL", () => discovered({ jwks_uri: "keys" })],
    ["the discovery document is a list", () => issuer.answer(DISCOVERY, [])],
    ["the discovery document is null", () => issuer.answer(DISCOVERY, null)],
    ["there is no discovery document", () => issuer.answer(DISCOVERY, undefined)],
    ["the discovery document is elsewhere", () => issuer.answer(DISCOVERY, redirectTo("/elsewhere"))],
    ["they are elsewhere", () => issuer.answer("/keys", redirectTo("/elsewhere"))],
    ["they are no JSON", () => issuer.answer("/keys", (response: ServerResponse) => response.end("<html>"))],
    ["they are no set", () => issuer.answer("/keys", { keys: 1 })],
    ["the server fails", () => issuer.answer("/keys", (response: ServerResponse) => response.writeHead(500).end('{"keys":[]}'))],
    ["the server never answers", () => issuer.answer("/keys", () => undefined)],
  ])("%s", async (_what, prepare) => {
    issuer.answer("/elsewhere", { issuer: issuer.url, jwks_uri: `${issuer.url}/keys`, keys: [] });
    prepare();
    expect(await verdictOf(await sign())).toBe("unverifiable");
    expect(issuer.asked).not.toContain("/elsewhere");
  });

  const redirectTo = (location: string) => (response: ServerResponse) => response.writeHead(302, { location }).end();
});

test("an issuer whose name ends with a slash has its document behind one slash, and its name with it in tokens", async () => {
  const name = `${issuer.url}/`;
  issuer.answer(DISCOVERY, { issuer: name, jwks_uri: `${issuer.url}/keys` });
  issuers = createIssuers({ entry: issuer.entry("discovery: true").replace(issuer.url, name) });
  expect(await verdictOf(await issuer.sign({ claims: { iss: name } }))).toBe("ok");
  expect(await verdictOf(await issuer.sign())).toBeUndefined();
});

describe("a key", () => {
  test("that is new is found by one reading, and unknown ones cause no more", async () => {
    expect(await verdictOf(await sign())).toBe("ok");
    const next = newIssuerKey();
    issuer.publish(issuer.key, next);
    expect(await verdictOf(await sign(next))).toBe("unknown_key");
    expect(readings()).toBe(1);
    clock.advance(11);
    const strangers = Array.from({ length: 20 }, () => ({ ...next, kid: crypto.randomUUID() }));
    const tokens = await Promise.all([next, ...strangers].map((key) => sign(key)));
    expect(await Promise.all(tokens.map(verdictOf))).toEqual(["ok", ...strangers.map(() => "unknown_key")]);
    expect(readings()).toBe(2);
  });

  test("that is withdrawn is believed for ten minutes at most, also for tokens that were believed before", async () => {
    const seen = await sign();
    expect(await verdictOf(seen)).toBe("ok");
    issuer.publish(newIssuerKey());
    clock.advance(590);
    expect(await verdictOf(seen)).toBe("ok");
    clock.advance(11);
    expect(await verdictOf(seen)).toBe("unknown_key");
    expect(await verdictOf(await sign())).toBe("unknown_key");
  });

  test("that is no public one verifies nothing", async () => {
    const { privateKey, kid } = issuer.key;
    issuer.answer("/keys", { keys: [{ ...privateKey.export({ format: "jwk" }), kid, alg: "RS256" }] });
    expect(await verdictOf(await sign())).toBe("unknown_key");
  });
});

test("in production a discovery document leads to https only, unless to localhost", () => {
  const may = (url: string) => mayAskIn("production")(new URL(url));
  expect(["https://login.example.com/keys", "http://localhost:1/keys", "http://127.0.0.1/keys"].map(may)).toEqual([true, true, true]);
  expect(
    ["http://login.example.com/keys", "http://localhost.example.com/", "ftp://localhost/", "data:,x", "file:///etc/x"].map(may),
  ).toEqual(Array(5).fill(false));
});

test("an address that must not be asked is not asked", async () => {
  issuers = createIssuers({ mayAsk: () => false });
  expect(await verdictOf(await sign())).toBe("unverifiable");
  expect(issuer.asked).toEqual([DISCOVERY]);
  expect(changes).toEqual(["Error: the discovery document names a jwks_uri that is not https://"]);
});

describe("at the gateway, while the keys of an issuer cannot be had,", () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await startTestGateway({ gatewayYaml: `issuers:${issuer.entry("discovery: true")}` });
  });
  afterEach(() => gateway.close());

  test("its callers are told to come back, public fields and our own users notice nothing, and the log says why", async () => {
    goAway();
    const token = await sign();
    const reply = await gateway.post({ query: "{ __typename me { id } }" }, { token });
    expect(reply.status).toBe(200);
    expect(reply.data).toEqual({ __typename: "Query", me: null });
    expect(reply.errors.map(({ extensions }) => extensions)).toEqual([{ code: "SERVICE_UNAVAILABLE" }]);
    const { accessToken, refreshToken, user } = await gateway.register();
    expect(dataOf(await gateway.send(MeDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }, { token }));
    comeBack();
    gateway.clock.advance(11);
    const back = await gateway.post({ query: "{ me { id } }" }, { token });
    expect(back.errors[0]?.extensions.reason).toBe("foreign_issuer");
    const lines = gateway.logs.filter(({ issuer: name }) => name === issuer.url).map(({ level, msg }) => [level, msg]);
    expect(lines).toEqual([
      [40, "the keys of another issuer are out of reach; its tokens are good for as long as those known are"],
      [30, "the keys of another issuer are back"],
    ]);
  });

  test("a token of ours is verified without them", async () => {
    const { accessToken, user } = await gateway.register();
    expect(dataOf(await gateway.send(MeDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    expect(issuer.asked).toEqual([]);
  });
});
