import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify, SignJWT } from "jose";
import { afterEach, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { StartupError } from "../../src/core/errors.ts";
import { MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { ISSUER, startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";

const JWT_SECRET = "shared with every verifier: 32 bytes and more";

const running: TestGateway[] = [];
async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  running.push(gateway);
  return gateway;
}
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
});

async function fetchJwks(gateway: TestGateway): Promise<{ jwks: JSONWebKeySet; headers: Headers }> {
  const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
  expect(response.status).toBe(200);
  const jwks = (await response.json()) as JSONWebKeySet;
  return { jwks, headers: response.headers };
}

/** As another service would, with nothing but the public keys and a library that is not ours. */
async function verifyElsewhere(gateway: TestGateway, token: string, audience = ISSUER) {
  const { jwks } = await fetchJwks(gateway);
  const options = { issuer: ISSUER, audience, typ: "at+jwt", algorithms: ["ES256", "RS256"], currentDate: gateway.clock.now() };
  return jwtVerify(token, createLocalJWKSet(jwks), options);
}

const publicMembers = { ES256: ["alg", "crv", "kid", "kty", "use", "x", "y"], RS256: ["alg", "e", "kid", "kty", "n", "use"] };

describe.each(["ES256", "RS256"] as const)("with %s", (algorithm) => {
  test("a token has exactly the documented shape, and the JWKS verifies it elsewhere", async () => {
    const gateway = await start({ env: { JWT_ALGORITHM: algorithm, ACCESS_TOKEN_TTL: "10m", AUDIENCE: "https://api.test" } });
    const before = Math.floor(gateway.clock.now().getTime() / 1000);
    const { accessToken, user, session, expiresIn } = await gateway.register();
    const { payload, protectedHeader } = await verifyElsewhere(gateway, accessToken, "https://api.test");
    const { jwks } = await fetchJwks(gateway);
    expect(protectedHeader).toEqual({ alg: algorithm, kid: jwks.keys[0]?.kid, typ: "at+jwt" });
    const iat = payload.iat ?? 0;
    expect(payload).toEqual({
      iss: ISSUER,
      sub: user.id,
      aud: "https://api.test",
      exp: iat + 600,
      iat,
      jti: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      sid: session.id,
      roles: ["user"],
      scope: "",
      email: user.email,
      ver: 1,
      type: "access",
    });
    expect(iat).toBeGreaterThanOrEqual(before);
    expect(iat).toBeLessThanOrEqual(Math.floor(gateway.clock.now().getTime() / 1000));
    expect(expiresIn).toBe(600);
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
  });

  test("the JWKS is cacheable for five minutes, readable from anywhere, and public in every member", async () => {
    const gateway = await start({ env: { JWT_ALGORITHM: algorithm } });
    const { jwks, headers } = await fetchJwks(gateway);
    expect(headers.get("content-type")).toMatch(/^application\/jwk-set\+json(;|$)/);
    expect(headers.get("cache-control")).toBe("public, max-age=300");
    expect(headers.get("access-control-allow-origin")).toBe("*");
    expect(headers.get("set-cookie")).toBeNull();
    expect(jwks.keys).toHaveLength(1);
    for (const key of jwks.keys) {
      expect(Object.keys(key).sort()).toEqual(publicMembers[algorithm]);
      expect(key).toMatchObject({ alg: algorithm, use: "sig" });
    }
  });
});

test("no two tokens share a jti, also of one session in one second", async () => {
  const gateway = await start();
  const first = await gateway.register();
  const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }));
  const claims = await Promise.all([first, refresh].map(async ({ accessToken }) => (await verifyElsewhere(gateway, accessToken)).payload));
  expect(new Set(claims.map(({ jti }) => jti)).size).toBe(2);
  expect(new Set(claims.map(({ sid }) => sid))).toEqual(new Set([first.session.id]));
});

describe("with HS256", () => {
  const env = { JWT_ALGORITHM: "HS256", JWT_SECRET };

  test("whoever holds the secret verifies, and nothing is published", async () => {
    const gateway = await start({ env });
    const { accessToken, user } = await gateway.register();
    expect((await fetchJwks(gateway)).jwks).toEqual({ keys: [] });
    const { payload, protectedHeader } = await jwtVerify(accessToken, Buffer.from(JWT_SECRET), { issuer: ISSUER, algorithms: ["HS256"] });
    expect(payload.sub).toBe(user.id);
    expect(protectedHeader).toEqual({ alg: "HS256", kid: expect.any(String), typ: "at+jwt" });
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    const [count] = await gateway.database.sql`select count(*)::int as n from signing_keys`;
    expect(count?.n).toBe(0);
  });

  test("tokens of an older secret are good until they expire, and the newest signs", async () => {
    const gateway = await start({ env });
    const { accessToken, user } = await gateway.register();
    const newer = "another secret of at least 32 bytes: newer";
    const { database, clock } = gateway;
    const next = await start({ env: { ...env, JWT_SECRET: `${newer},${JWT_SECRET}` }, database, clock });
    expect(dataOf(await next.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
    const again = await next.login(user.email);
    await jwtVerify(again.accessToken, Buffer.from(newer), { issuer: ISSUER });
    const last = await start({ env: { ...env, JWT_SECRET: newer }, database, clock });
    const reply = await last.send(MeFromTokenDocument, {}, { token: accessToken });
    expect(reply.errors[0]?.extensions.reason).toBe("unknown_key");
    expect(dataOf(await last.send(MeFromTokenDocument, {}, { token: again.accessToken })).me?.id).toBe(user.id);
  });

  test.each([
    ["HS512 with the right secret", "HS512", JWT_SECRET, "wrong_algorithm"],
    ["HS384 with the right secret", "HS384", JWT_SECRET, "wrong_algorithm"],
    ["another secret", "HS256", "another secret of at least 32 bytes", "invalid_signature"],
    ["SECRET instead of JWT_SECRET", "HS256", "a secret of the tests that is long enough", "invalid_signature"],
  ])("%s → refused", async (_name, alg, secret, reason) => {
    const gateway = await start({ env });
    const { accessToken, user } = await gateway.register();
    const { payload } = await jwtVerify(accessToken, Buffer.from(JWT_SECRET));
    const { kid = "" } = decodeProtectedHeader(accessToken);
    const token = await new SignJWT(payload).setProtectedHeader({ alg, kid, typ: "at+jwt" }).sign(Buffer.from(secret));
    const reply = await gateway.send(MeFromTokenDocument, {}, { token });
    expect(reply.data?.me).toBeNull();
    expect(reply.errors[0]?.extensions.reason).toBe(reason);
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
  });
});

describe("roles and scopes", () => {
  const scopes = { user: '["profile:read"]', support: '["users:read", "profile:read"]', auditor: '["audit:read", "users:read"]' };
  const gatewayYaml = `roles: { ${Object.entries(scopes).map(([role, list]) => `${role}: { scopes: ${list} }`)} }`;

  test.each([
    [["user"], "profile:read"],
    [["support"], "users:read profile:read"],
    [["user", "support", "auditor"], "profile:read users:read audit:read"],
    [["admin"], ""],
    [[], ""],
    [["a role that the configuration no longer has", "support"], "users:read profile:read"],
  ])("roles %j carry the scopes %j, each once", async (roles, scope) => {
    const gateway = await start({ gatewayYaml });
    const { user } = await gateway.register();
    await gateway.database.sql`update users set roles = ${roles} where id = ${user.id}`;
    const { accessToken } = await gateway.login(user.email);
    const { payload } = await verifyElsewhere(gateway, accessToken);
    expect(payload).toMatchObject({ roles, scope });
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).me?.roles).toEqual(roles);
  });

  test("however many scopes the configuration gives, the gateway takes the tokens that it issues, or does not start", async () => {
    const scopes = Array.from({ length: 400 }, (_, index) => `resource-number-${index}:read`);
    const gateway = await start({ gatewayYaml: `roles: { user: { scopes: ${JSON.stringify(scopes)} } }` }).catch((error: unknown) => {
      expect([ConfigError, StartupError]).toContain(error instanceof Error ? error.constructor : undefined);
    });
    if (gateway === undefined) return;
    const { accessToken, user } = await gateway.register();
    const reply = await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
    expect(dataOf(reply).me?.id).toBe(user.id);
  });
});
