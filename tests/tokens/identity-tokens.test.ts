import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Viewer } from "../../src/auth/tokens/access-tokens.ts";
import type { IdentifiedCaller } from "../../src/auth/tokens/identified-caller.ts";
import { createIdentityTokens, type IdentityTarget, type IdentityTokens } from "../../src/auth/tokens/identity-tokens.ts";
import { sharedSecretKey } from "../../src/auth/tokens/keys/shared-secret-keys.ts";
import { createFixedKeys } from "../../src/auth/tokens/keys/signing-keys.ts";
import { isAnonymous } from "../../src/core/permissions.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { LogoutDocument, MeDocument, RefreshDocument, SetUserRolesDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import type { TestClock } from "../support/clock.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";

const start = Math.floor(Date.now() / 1000) * 1000;
let elapsed = 0;
/** Stands still between advances. */
const clock: TestClock = {
  now: () => new Date(start + elapsed),
  advance(seconds) {
    elapsed += seconds * 1000;
  },
};
const products: IdentityTarget = { audience: "products", claims: [] };

let gateway: TestGateway;
let tokens: IdentityTokens;
beforeAll(async () => {
  gateway = await startTestGateway({ clock });
  tokens = createIdentityTokens({ keys: gateway.auth.signingKeys, clock: clock.now, random: createSecureRandom() }, { issuer: ISSUER });
});
afterAll(() => gateway.close());

async function viewerOf(accessToken: string): Promise<Viewer> {
  const viewer = await gateway.auth.accessTokens.verify(accessToken);
  if (isAnonymous(viewer)) throw new Error(viewer.reason);
  return viewer;
}

const newViewer = async () => viewerOf((await gateway.register()).accessToken);

describe("an identity token", () => {
  test("says who calls, from whom and for whom it is, for a minute, and nothing else", async () => {
    const { accessToken, user, session } = await gateway.register();
    const token = tokens.issue(await viewerOf(accessToken), products);
    const { kid } = gateway.auth.signingKeys.signer();
    const iat = clock.now().getTime() / 1000;
    expect(decodeProtectedHeader(token)).toEqual({ alg: "ES256", typ: "gateway-identity+jwt", kid });
    expect(decodeJwt(token)).toEqual({
      iss: ISSUER,
      aud: "products",
      iat,
      exp: iat + 60,
      jti: expect.any(String),
      sub: user.id,
      sid: session.id,
      roles: ["user"],
      scope: "",
    });
  });

  test("holds the e-mail address where its upstream is to have it", async () => {
    const { accessToken, user } = await gateway.register();
    const token = tokens.issue(await viewerOf(accessToken), { audience: "mailer", claims: ["email"] });
    expect(decodeJwt(token).email).toBe(user.email);
  });

  test("of another issuer's caller names that issuer, and no session", () => {
    const caller: IdentifiedCaller = {
      issuer: "https://idp.example",
      subject: "248289761001",
      roles: new Set(["staff"]),
      scopes: new Set(["a", "b"]),
      expiresAt: new Date(clock.now().getTime() + 3_600_000),
    };
    const { sub, idp, sid, roles, scope, iss } = decodeJwt(tokens.issue(caller, products));
    expect({ sub, idp, sid, roles, scope, iss }).toEqual({
      sub: "248289761001",
      idp: "https://idp.example",
      sid: undefined,
      roles: ["staff"],
      scope: "a b",
      iss: ISSUER,
    });
  });

  test("does not outlive the access token, but by what clocks may differ", async () => {
    const viewer = await newViewer();
    const lifeAt = (secondsBeforeEnd: number) => {
      const caller = { ...viewer, expiresAt: new Date(clock.now().getTime() + secondsBeforeEnd * 1000) };
      const { iat = 0, exp = 0 } = decodeJwt(tokens.issue(caller, products));
      return exp - iat;
    };
    expect([61, 59, 20, 6, 1, 0, -4].map(lifeAt)).toEqual([60, 59, 20, 6, 5, 5, 5]);
  });

  test("is not taken as an access token", async () => {
    const reply = await gateway.send(MeDocument, {}, { token: tokens.issue(await newViewer(), products) });
    expect(reply.data?.me).toBeNull();
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "not_an_access_token" });
  });
});

describe("the same identity token", () => {
  test("is issued again for half of its life", async () => {
    const { accessToken } = await gateway.register();
    const issue = async () => tokens.issue(await viewerOf(accessToken), products);
    const first = await issue();
    clock.advance(29.9);
    expect(await issue()).toBe(first);
    clock.advance(0.2);
    const second = await issue();
    expect(second).not.toBe(first);
    expect(await issue()).toBe(second);
  });

  test("is never issued for two users, two sessions, two upstreams or two sets of claims", async () => {
    const { accessToken, user } = await gateway.register();
    const viewers = [accessToken, (await gateway.login(user.email)).accessToken, (await gateway.register()).accessToken];
    const targets: IdentityTarget[] = [products, { audience: "reviews", claims: [] }, { audience: "products", claims: ["email"] }];
    const issued: string[] = [];
    for (const viewer of viewers) for (const target of targets) issued.push(tokens.issue(await viewerOf(viewer), target));
    expect(new Set(issued).size).toBe(9);
    expect(new Set(issued.map((token) => decodeJwt(token).jti)).size).toBe(9);
    expect(issued.map((token) => [decodeJwt(token).sid, decodeJwt(token).aud])).toEqual(
      await Promise.all(viewers.flatMap((viewer) => targets.map(async ({ audience }) => [(await viewerOf(viewer)).sessionId, audience]))),
    );
  });

  test.each([
    ["what stands before them", { audience: "b", claims: ["email"] }, { audience: "email b", claims: [] }],
    ["a space", { audience: " b", claims: [] }, { audience: "b", claims: [] }],
  ] as const)("is not issued for two upstreams whose names differ by %s only", async (_what, one, other) => {
    const viewer = await newViewer();
    expect(decodeJwt(tokens.issue(viewer, one)).aud).toBe(one.audience);
    expect(decodeJwt(tokens.issue(viewer, other)).aud).toBe(other.audience);
  });

  test("is not issued after the caller's roles have changed", async () => {
    const admin = await gateway.registerAdmin();
    const { accessToken, refreshToken, user } = await gateway.register();
    const before = tokens.issue(await viewerOf(accessToken), products);
    dataOf(await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "admin"] }, { token: admin.accessToken }));
    expect(await gateway.auth.accessTokens.verify(accessToken)).toEqual({ reason: "revoked" });
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }));
    const after = tokens.issue(await viewerOf(refresh.accessToken), products);
    expect(after).not.toBe(before);
    expect(decodeJwt(after).roles).toEqual(["user", "admin"]);
  });

  test("is not issued after the session has ended: there is no viewer to issue it for", async () => {
    const { accessToken } = await gateway.register();
    tokens.issue(await viewerOf(accessToken), products);
    dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken }));
    expect(await gateway.auth.accessTokens.verify(accessToken)).toEqual({ reason: "revoked" });
  });
});

test("with a shared secret there are no identity tokens, and the start says why", () => {
  const keys = createFixedKeys([sharedSecretKey("a shared secret of at least 32 bytes")]);
  const create = () => createIdentityTokens({ keys, clock: clock.now, random: createSecureRandom() }, { issuer: ISSUER });
  expect(create).toThrow("JWT_ALGORITHM=HS256 has no public key that upstreams could verify the caller with; set ES256 or RS256.");
});
