import { generateKeyPairSync } from "node:crypto";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createVerifier, type VerifyIdentity } from "../../packages/verify/src/verifier.ts";
import { createIdentityTokens } from "../../src/auth/tokens/identity-tokens.ts";
import { keyFromPrivate } from "../../src/auth/tokens/keys/key-pairs.ts";
import { createFixedKeys } from "../../src/auth/tokens/keys/signing-keys.ts";
import { systemClock } from "../../src/core/clock.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { newKey, now, serveIdentityKeys } from "../support/keys/identity-keys.ts";

const served = serveIdentityKeys();
const { publish, fetchesDuring, viewer, issue, forge } = served;

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
    expect(await served.verify(sourceOf(issue(viewer({ email: "ada@example.com" }))))).toEqual({
      issuer: served.server.url,
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
    expect(await served.verify(issue({ ...rest, issuer: "https://idp.example" }))).toMatchObject({
      issuer: "https://idp.example",
      subject: "u-1",
      userId: undefined,
      sessionId: undefined,
    });
  });

  test("with RS256, too, and from where jwksUrl says", async () => {
    const rsa = keyFromPrivate("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
    served.server.answer("/keys", { keys: [rsa.publicJwk] });
    const elsewhere = createVerifier({ issuer: "https://auth.example", audience: "products", jwksUrl: `${served.server.url}/keys` });
    expect((await elsewhere(issue(viewer(), { issuer: "https://auth.example", by: rsa })))?.subject).toBe("u-1");
  });

  test("while clocks differ by no more than 5 s", async () => {
    expect((await served.verify(await forge({ claims: { exp: now() - 3 } })))?.subject).toBe("u-1");
    expect((await served.verify(await forge({ claims: { nbf: now() + 4 } })))?.subject).toBe("u-1");
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
  expect(await fetchesDuring(async () => expect(await served.verify(source)).toBeUndefined())).toBe(0);
});

describe("keys", () => {
  afterEach(() => void vi.useRealTimers());

  test("are read once for any number of tokens, and not for what is no identity token", async () => {
    const reads = await fetchesDuring(async () => {
      await expect(served.verify(await forge({ header: { typ: "at+jwt", kid: "x" } }))).rejects.toMatchObject({ reason: "access_token" });
      await expect(served.verify(await forge({ header: { typ: undefined, kid: "y" } }))).rejects.toMatchObject({ reason: "wrong_type" });
    });
    expect(reads).toBe(0);
    expect(await fetchesDuring(() => Promise.all(Array.from({ length: 20 }, () => served.verify(issue()))))).toBe(1);
    expect(await fetchesDuring(() => served.verify(issue()))).toBe(0);
  });

  test("that are new are found by one more reading; unknown ones cause no flood of them", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await served.verify(issue());
    const next = newKey();
    publish(served.key, next);
    const early = await fetchesDuring(async () => {
      for (let times = 0; times < 50; times += 1) {
        await expect(served.verify(issue(viewer(), { by: next }))).rejects.toMatchObject({ reason: "unknown_key" });
      }
    });
    expect(early).toBe(0);
    vi.setSystemTime(Date.now() + 31_000);
    expect(await fetchesDuring(async () => expect((await served.verify(issue(viewer(), { by: next })))?.subject).toBe("u-1"))).toBe(1);
    const flood = await fetchesDuring(async () => {
      for (let times = 0; times < 50; times += 1) {
        await expect(served.verify(await forge({ header: { kid: `k${times}` }, by: next.signingKey }))).rejects.toMatchObject({
          reason: "unknown_key",
        });
      }
    });
    expect(flood).toBe(0);
  });

  test("that are withdrawn are believed for no longer than the gateway lets them be cached", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    await served.verify(issue());
    publish(newKey());
    vi.setSystemTime(Date.now() + 301_000);
    await expect(served.verify(issue())).rejects.toMatchObject({ reason: "unknown_key" });
  });
});

describe("where an identity is required", () => {
  const strict = () => createVerifier({ issuer: served.server.url, audience: "products", required: true });

  test("a request without the header is refused, since it came past the gateway", async () => {
    for (const source of [undefined, {}, new Headers(), "", { authorization: "Bearer x" }]) {
      await expect(strict()(source)).rejects.toMatchObject({ reason: "missing", statusCode: 401 });
    }
    expect(await served.verify({})).toBeUndefined();
  });

  test("the gateway's anonymous callers pass, by its signed word for this service alone", async () => {
    const parts = { keys: createFixedKeys([served.key]), clock: systemClock, random: createSecureRandom() };
    const tokens = createIdentityTokens(parts, { issuer: served.server.url });
    const token = tokens.issueAnonymous({ audience: "products" });
    expect(tokens.issueAnonymous({ audience: "products" })).toBe(token);
    expect(await strict()(token)).toBeUndefined();
    expect(await served.verify(token)).toBeUndefined();
    await expect(strict()(tokens.issueAnonymous({ audience: "reviews" }))).rejects.toMatchObject({ reason: "wrong_audience" });
    expect((await strict()(issue()))?.subject).toBe("u-1");
  });

  test("somebody who has a subject is never anonymous", async () => {
    expect((await strict()(await forge({ claims: { anonymous: true } })))?.subject).toBe("u-1");
  });
});
