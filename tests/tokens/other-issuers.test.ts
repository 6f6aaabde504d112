import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { IdentifiedCaller } from "../../src/auth/tokens/identified-caller.ts";
import { type Anonymous, type AnonymousReason, isAnonymous } from "../../src/core/permissions.ts";
import { LogoutDocument, MeDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import type { TestGateway } from "../support/gateway.ts";
import { type KnownIssuers, startKnownIssuers } from "../support/keys/known-issuers.ts";
import { type Forgery, newIssuerKey, type TestIssuer } from "../support/keys/other-issuer.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let known: KnownIssuers;
let issuer: TestIssuer;
let mapping: TestIssuer;
let bare: TestIssuer;
let stranger: TestIssuer;
let gateway: TestGateway;
beforeAll(async () => {
  known = await startKnownIssuers();
  ({ issuer, mapping, bare, stranger, gateway } = known);
});
afterAll(() => known.close());

const identify = (token: string): Promise<IdentifiedCaller | Anonymous> => gateway.auth.callers.identify(token);

async function callerOf(token: string): Promise<IdentifiedCaller> {
  const caller = await identify(token);
  if (isAnonymous(caller)) throw new Error(caller.reason);
  return caller;
}

describe("a token of another issuer is believed", () => {
  test("as what its claims say, as read from where the operator says", async () => {
    const token = await issuer.sign({ claims: { roles: ["staff", "user"], scope: "a b", email: "ada@example.com", email_verified: true } });
    const exp = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp;
    expect(await identify(token)).toEqual({
      issuer: issuer.url,
      subject: "248289761001",
      expiresAt: new Date(exp * 1000),
      roles: new Set(["staff", "user"]),
      scopes: new Set(["a", "b"]),
      email: "ada@example.com",
    });
  });

  test.each(["at+jwt", "AT+JWT", "application/at+jwt", "JWT", undefined])("with the type %s", async (typ) => {
    expect((await callerOf(await issuer.sign({ header: { typ } }))).subject).toBe("248289761001");
  });

  test("with each algorithm that is configured, without kid where one key fits, and for one audience of several", async () => {
    const key = newIssuerKey("ES256");
    issuer.publish(issuer.key, key);
    gateway.clock.advance(11);
    const at = gateway.clock.now().getTime() / 1000;
    expect((await callerOf(await issuer.sign({ by: key, at }))).issuer).toBe(issuer.url);
    expect((await callerOf(await issuer.sign({ by: key, at, header: { kid: undefined } }))).issuer).toBe(issuer.url);
    expect((await callerOf(await issuer.sign({ at, claims: { aud: ["https://other.test", "https://api.test"] } }))).issuer).toBe(
      issuer.url,
    );
  });

  test.each<[string, Record<string, unknown>]>([
    ["not verified", { email: "ada@example.com", email_verified: false }],
    ["not said to be verified", { email: "ada@example.com" }],
    ["verified by a text", { email: "ada@example.com", email_verified: "true" }],
    ["no text", { email: 7, email_verified: true }],
  ])("without an address that is %s", async (_what, claims) => {
    expect(await callerOf(await issuer.sign({ claims }))).not.toHaveProperty("email");
  });

  test("once per token, until it has expired", async () => {
    const token = await issuer.sign({ at: gateway.clock.now().getTime() / 1000 });
    const first = await callerOf(token);
    expect(await callerOf(token)).toBe(first);
    gateway.clock.advance(304);
    expect(await callerOf(token)).toBe(first);
    gateway.clock.advance(2);
    expect(await identify(token)).toEqual({ reason: "expired" });
  });

  test("whose end lies beyond all dates", async () => {
    const { expiresAt } = await callerOf(await issuer.sign({ claims: { exp: 1e300 } }));
    expect(expiresAt.getTime()).toBeGreaterThan(Date.UTC(9999, 0));
  });
});

describe("roles and scopes", () => {
  const permissionsOf = async (from: TestIssuer, claims: Record<string, unknown>) => {
    const { roles, scopes } = await callerOf(await from.sign({ at: gateway.clock.now().getTime() / 1000, claims }));
    return { roles: [...roles], scopes: [...scopes] };
  };

  test.each<[string, unknown, string[]]>([
    ["a list", ["a", "b", "a"], ["a", "b"]],
    ["a text with spaces", "a  b ", ["a", "b"]],
    ["a list with other things in it", ["a", 7, null, ["b"], ""], ["a"]],
    ["a number", 7, []],
    ["an object", { a: true }, []],
    ["null", null, []],
    ["nothing", undefined, []],
  ])("are read from %s", async (_what, value, expected) => {
    expect(await permissionsOf(issuer, { roles: value, scope: value })).toEqual({ roles: expected, scopes: expected });
  });

  test("never are admin without a map that says so", async () => {
    expect(await permissionsOf(issuer, { roles: ["admin", "support"] })).toEqual({ roles: ["support"], scopes: [] });
    expect(await permissionsOf(issuer, { roles: "admin" })).toEqual({ roles: [], scopes: [] });
    expect(await permissionsOf(mapping, { realm_access: { roles: ["admin", "support"] } })).toEqual({ roles: [], scopes: [] });
  });

  test("are those that theirs are mapped to, with the scopes of ours", async () => {
    expect(await permissionsOf(mapping, { realm_access: { roles: ["staff", "boss", "cook"] } })).toEqual({
      roles: ["support", "user", "admin"],
      scopes: ["users:read", "all:read"],
    });
  });

  test("are found within claims, also where a name has dots, and only those on the list are taken", async () => {
    const claims = { "https://api.test/scopes": "products:read users:read", scope: "products:cost" };
    expect(await permissionsOf(mapping, claims)).toEqual({ roles: [], scopes: ["products:read"] });
  });

  test.each(["constructor", "__proto__", "toString"])("do not come from what objects inherit (%s)", async (name) => {
    expect(await permissionsOf(mapping, { realm_access: { roles: [name] } })).toEqual({ roles: [], scopes: [] });
  });

  test("are none where the operator names no claims", async () => {
    expect(await permissionsOf(bare, { roles: ["admin", "user"], scope: "a", scopes: ["b"] })).toEqual({ roles: [], scopes: [] });
  });
});

describe("a token is refused, and the next good one is taken", () => {
  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
  const now = () => Math.floor(gateway.clock.now().getTime() / 1000);

  async function expectRefused(token: string, reason: AnonymousReason): Promise<void> {
    expect(await identify(token)).toEqual({ reason });
    expect((await callerOf(await issuer.sign({ at: now() }))).issuer).toBe(issuer.url);
  }

  test.each<[string, AnonymousReason, () => Forgery]>([
    ["expired", "expired", () => ({ claims: { exp: now() - 6 } })],
    ["not valid yet", "not_yet_valid", () => ({ claims: { nbf: now() + 63 } })],
    ["without an end", "malformed", () => ({ claims: { exp: undefined } })],
    ["whose end is no number", "malformed", () => ({ claims: { exp: "9999999999" } })],
    ["for another audience", "wrong_audience", () => ({ claims: { aud: "https://other.test" } })],
    ["for no audience", "wrong_audience", () => ({ claims: { aud: undefined } })],
    ["about nobody", "malformed", () => ({ claims: { sub: undefined } })],
    ["about an empty subject", "malformed", () => ({ claims: { sub: "" } })],
    ["about a subject that is no text", "malformed", () => ({ claims: { sub: 7 } })],
    ["that is an ID token by its type", "not_an_access_token", () => ({ header: { typ: "id_token+jwt" } })],
    ["that is one of our identity tokens by its type", "not_an_access_token", () => ({ header: { typ: "gateway-identity+jwt" } })],
    ["that is a logout token by its type", "not_an_access_token", () => ({ header: { typ: "logout+jwt" } })],
    ["by a key that nobody published", "unknown_key", () => ({ by: newIssuerKey() })],
    ["by another key under a known kid", "invalid_signature", () => ({ by: { ...newIssuerKey(), kid: issuer.key.kid } })],
    ["by another issuer's key", "unknown_key", () => ({ by: mapping.key })],
    ["by another issuer's key under this one's kid", "invalid_signature", () => ({ by: { ...mapping.key, kid: issuer.key.kid } })],
    ["with an algorithm that is not configured", "wrong_algorithm", () => ({ by: { ...issuer.key, alg: "PS256" } })],
  ])("%s", async (_what, reason, forgery) => {
    await expectRefused(await issuer.sign({ at: now(), ...forgery() }), reason);
  });

  test("that one issuer signed in another's name, though both are configured", async () => {
    const token = await mapping.sign({ at: now(), claims: { iss: issuer.url } });
    await expectRefused(token, "unknown_key");
  });

  test.each(["none", "None", "nOnE", "HS256", "HS512", ""])("with the algorithm %j", async (alg) => {
    const header = { alg, kid: issuer.key.kid, typ: "at+jwt" };
    const input = `${encode(header)}.${encode({ iss: issuer.url, aud: "https://api.test", sub: "x", exp: now() + 60 })}`;
    const pem = issuer.key.publicKey.export({ format: "pem", type: "spki" });
    await expectRefused(`${input}.${createHmac("sha256", pem).update(input).digest("base64url")}`, "wrong_algorithm");
    await expectRefused(`${input}.`, "wrong_algorithm");
  });

  test("with an unknown critical header", async () => {
    const [, payload, signature] = (await issuer.sign({ at: now() })).split(".");
    const header = encode({ alg: "RS256", kid: issuer.key.kid, crit: ["x"], x: 1 });
    await expectRefused(`${header}.${payload}.${signature}`, "unsupported_critical_header");
  });

  test("with a claim changed", async () => {
    const [header, payload = "", signature] = (await issuer.sign({ at: now() })).split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    await expectRefused(`${header}.${encode({ ...claims, roles: ["admin"] })}.${signature}`, "invalid_signature");
  });

  test("over 8 kB, before anything is read of it", async () => {
    await expectRefused(await issuer.sign({ at: now(), claims: { padding: "x".repeat(8192) } }), "too_large");
  });

  test("that claims to be from us, signed by another", async () => {
    const { accessToken } = await gateway.register();
    const [, payload = ""] = accessToken.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
    await expectRefused(await issuer.sign({ at: now(), claims }), "unknown_key");
  });

  test.each(["a.b.c", "..", ".e30.", "a", `.${Buffer.from('{"iss":["x"]}').toString("base64url")}.`])("that is none (%s)", async (text) => {
    await expectRefused(text, "malformed");
  });

  test("of an issuer that is not configured, and neither it nor what it names is asked for keys", async () => {
    const header = { jku: `${stranger.url}/keys`, x5u: `${stranger.url}/keys` };
    const before = [issuer, mapping, bare].map(({ asked }) => asked.length);
    for (const claims of [{}, { iss: `${issuer.url}/` }, { iss: issuer.url.toUpperCase() }, { iss: "" }, { iss: "constructor" }]) {
      expect(await identify(await stranger.sign({ header, claims }))).toEqual({ reason: "unknown_key" });
    }
    expect(stranger.asked).toEqual([]);
    expect([issuer, mapping, bare].map(({ asked }) => asked.length)).toEqual(before);
    await expectRefused(await stranger.sign({ at: now(), header, claims: { iss: issuer.url } }), "unknown_key");
    expect(stranger.asked).toEqual([]);
  });
});

describe("on the auth graph the bearer of another issuer's token", () => {
  test("is nobody, whatever it says", async () => {
    const { user, session } = await gateway.register();
    const at = gateway.clock.now().getTime() / 1000;
    const claims = { sub: user.id, sid: session.id, ver: 1, email: user.email, email_verified: true, type: "access", userId: user.id };
    const token = await mapping.sign({ at, claims: { ...claims, realm_access: { roles: ["boss"] } } });
    expect((await callerOf(token)).roles).toEqual(new Set(["admin"]));
    const reply = await gateway.send(MeDocument, {}, { token });
    expect(reply.data).toEqual({ me: null });
    expect(reply.errors.map(({ extensions }) => extensions)).toEqual([
      { code: "UNAUTHENTICATED", reason: "foreign_issuer", coordinate: "Query.me", directive: "authenticated" },
    ]);
    expect(dataOf(await gateway.send(LogoutDocument, {}, { token })).logout).toEqual({ endedSessions: 0 });
    const [row] = await gateway.database.sql`select ended_at from sessions where id = ${session.id}`;
    expect(row?.ended_at).toBeNull();
  });

  test("may register and sign in as a user of ours", async () => {
    const token = await issuer.sign({ at: gateway.clock.now().getTime() / 1000 });
    const query = "mutation($input: RegisterInput!) { register(input: $input) { accessToken } }";
    const { data } = await gateway.post({ query, variables: { input: { email: newEmail(), password: PASSWORD } } }, { token });
    expect(data?.register).toEqual({ accessToken: expect.stringMatching(/^ey/) });
  });
});

test("own users are viewers and callers alike, with the issuer's and the subject's names", async () => {
  const { accessToken, user, session } = await gateway.register();
  const caller = await callerOf(accessToken);
  expect(caller).toBe(await gateway.auth.accessTokens.verify(accessToken));
  expect(caller).toMatchObject({ issuer: "https://auth.test", subject: user.id, sessionId: session.id, email: user.email });
});
