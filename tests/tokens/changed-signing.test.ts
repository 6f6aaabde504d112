import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import type { TestGatewayOptions } from "../support/gateway.ts";
import {
  CACHE_SECONDS,
  createStandingClock,
  keepGateways,
  keyCount,
  outcomeOf,
  published,
  publishedKids,
  signIn,
} from "../support/keys/signing-gateways.ts";

const HOUR = 3600;

const { start: startGateway, startSeveral } = keepGateways();
const start = (options: TestGatewayOptions = {}) => startGateway({ clock: createStandingClock(), ...options });

describe("JWT_ALGORITHM changed on a database with keys", () => {
  test.each([
    ["ES256", "RS256"],
    ["RS256", "ES256"],
  ])("from %s to %s: the old key signs until the new one has been published for a cache lifetime", async (from, to) => {
    const [before, after] = await startSeveral({ env: { JWT_ALGORITHM: from } }, { env: { JWT_ALGORITHM: to } });
    if (before === undefined || after === undefined) return;
    const old = await signIn(before);
    expect((await published(after)).keys.map((key) => key.alg)).toEqual([from, to]);
    after.clock.advance(CACHE_SECONDS - 0.001);
    expect(await signIn(after)).toMatchObject({ alg: from, kid: old.kid });
    const known = createLocalJWKSet(await published(after));
    after.clock.advance(0.001);
    const switched = await signIn(after);
    expect(switched.alg).toBe(to);
    await jwtVerify(switched.token, known, { algorithms: [to], currentDate: after.clock.now() });
    for (const gateway of [before, after]) {
      for (const { token } of [old, switched]) expect(await outcomeOf(gateway, token)).toBe("me");
    }
  });

  test("does not let a token choose between the two keys", async () => {
    const [before, after] = await startSeveral({}, { env: { JWT_ALGORITHM: "RS256" } });
    if (before === undefined || after === undefined) return;
    const { token } = await signIn(before);
    const rsaKid = (await publishedKids(after))[1] ?? "";
    const { signingKey } = before.auth.signingKeys.signer();
    const swapped = await new SignJWT(decodeJwt(token)).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: rsaKid }).sign(signingKey);
    expect(await outcomeOf(after, swapped)).toBe("wrong_algorithm");
    expect(await outcomeOf(after, token)).toBe("me");
  });

  test("process by process: those before and after the change do not outbid each other with new keys", async () => {
    const [before, after] = await startSeveral({}, { env: { JWT_ALGORITHM: "RS256" } });
    if (before === undefined || after === undefined) return;
    for (let round = 0; round < 10; round += 1) {
      before.clock.advance(30);
      await before.auth.signingKeys.maintain();
      await after.auth.signingKeys.maintain();
    }
    expect(await keyCount(after)).toBe(2);
    before.clock.advance(30);
    const { token, alg } = await signIn(after);
    expect(alg).toBe("RS256");
    expect([await outcomeOf(before, token), await outcomeOf(after, token)]).toEqual(["me", "me"]);
  });
});

test("a key is not removed from under a good token where ACCESS_TOKEN_TTL was shortened meanwhile", async () => {
  const [before] = await startSeveral({ env: { ACCESS_TOKEN_TTL: "24h" } });
  if (before === undefined) return;
  const { database, clock } = before;
  await before.auth.signingKeys.rotate();
  clock.advance(CACHE_SECONDS - 1);
  const { token, kid } = await signIn(before);
  clock.advance(1);
  const after = await start({ database, clock, env: { ACCESS_TOKEN_TTL: "5m" } });
  for (let hours = 1; hours <= 30; hours += 1) {
    clock.advance(HOUR);
    await after.auth.signingKeys.maintain();
    const outcome = await outcomeOf(after, token);
    // The key leaves only after the token was refused for its age.
    if (outcome === "expired") return;
    expect([hours, outcome]).toEqual([hours, "me"]);
    expect(await publishedKids(after)).toContain(kid);
  }
  throw new Error("the token did not expire");
});
