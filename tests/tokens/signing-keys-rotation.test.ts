import { createLocalJWKSet, jwtVerify } from "jose";
import { describe, expect, test, vi } from "vitest";
import type { TestDatabase } from "../support/database.ts";
import { ISSUER, type TestGatewayOptions } from "../support/gateway.ts";
import {
  CACHE_SECONDS,
  createStandingClock,
  keepGateways,
  keyCount,
  outcomeOf,
  published,
  publishedKids,
  signIn,
  strangersToken,
} from "../support/keys/signing-gateways.ts";

/** The default ACCESS_TOKEN_TTL. */
const TTL_SECONDS = 900;
/** The longest ACCESS_TOKEN_TTL that any process may be configured with, and an hour for one that could not read the keys. */
const RETENTION_SECONDS = 86_400 + 3600;
const HOUR = 3600;

const { start: startGateway, startSeveral } = keepGateways();
const start = (options: TestGatewayOptions = {}) => startGateway({ clock: createStandingClock(), ...options });

describe("rotation by command", () => {
  test("publishes the new key at once, signs with it one cache lifetime later, and audits it", async () => {
    const gateway = await start();
    const { clock, database } = gateway;
    const first = await signIn(gateway);
    await gateway.auth.signingKeys.rotate();
    const [firstKid, secondKid, ...others] = await publishedKids(gateway);
    expect([firstKid, others]).toEqual([first.kid, []]);
    const [event] = await database.sql`select detail from audit_events where detail->>'kid' = ${secondKid ?? null}`;
    expect(event?.detail).toEqual({ kid: secondKid, signsFrom: new Date(clock.now().getTime() + CACHE_SECONDS * 1000).toISOString() });

    // What a service knows that fetched the JWKS the moment before the switch.
    clock.advance(CACHE_SECONDS - 0.001);
    expect((await signIn(gateway)).kid).toBe(firstKid);
    const known = createLocalJWKSet(await published(gateway));
    clock.advance(0.001);
    const second = await signIn(gateway);
    expect(second.kid).toBe(secondKid);
    await jwtVerify(second.token, known, { issuer: ISSUER, currentDate: clock.now() });
    expect([await outcomeOf(gateway, first.token), await outcomeOf(gateway, second.token)]).toEqual(["me", "me"]);
  });

  test("keeps the old key until its last token has expired, and some slack, then removes it", async () => {
    const gateway = await start();
    const { clock } = gateway;
    const early = await signIn(gateway);
    await gateway.auth.signingKeys.rotate();
    clock.advance(CACHE_SECONDS - 1);
    const last = await signIn(gateway);
    expect(last.kid).toBe(early.kid);
    clock.advance(1 + TTL_SECONDS - 2);
    await gateway.auth.signingKeys.maintain();
    expect([await outcomeOf(gateway, early.token), await outcomeOf(gateway, last.token)]).toEqual(["expired", "me"]);

    clock.advance(2 - TTL_SECONDS + RETENTION_SECONDS - 0.001);
    await gateway.auth.signingKeys.maintain();
    expect(await publishedKids(gateway)).toContain(early.kid);
    expect(await outcomeOf(gateway, last.token)).toBe("expired");

    clock.advance(0.001);
    await gateway.auth.signingKeys.maintain();
    const { kid, token } = await signIn(gateway);
    expect(await publishedKids(gateway)).toEqual([kid]);
    expect(await keyCount(gateway)).toBe(1);
    expect(await outcomeOf(gateway, token)).toBe("me");
  });

  test("twice in a row: both keys take their turn, and no good token is refused", async () => {
    const gateway = await start();
    const first = await signIn(gateway);
    await gateway.auth.signingKeys.rotate();
    gateway.clock.advance(60);
    await gateway.auth.signingKeys.rotate();
    const [, secondKid, thirdKid] = await publishedKids(gateway);
    gateway.clock.advance(240);
    const second = await signIn(gateway);
    gateway.clock.advance(60);
    const third = await signIn(gateway);
    expect([second.kid, third.kid]).toEqual([secondKid, thirdKid]);
    for (const { token } of [first, second, third]) expect(await outcomeOf(gateway, token)).toBe("me");
  });

  test("reaches the JWKS at once also while a stranger's token makes the gateway look for its key", async () => {
    const gateway = await start();
    const { database, clock, auth } = gateway;
    const gate = await gateReads(database);
    try {
      clock.advance(2);
      const strange = outcomeOf(gateway, await strangersToken("nobody's"));
      await gate.waitForReader();
      const rotated = auth.signingKeys.rotate();
      await gate.waitForKeys(2);
      await gate.open();
      await rotated;
      expect(await strange).toBe("unknown_key");
    } finally {
      await gate.open();
    }
    expect(await publishedKids(gateway)).toHaveLength(2);
  });
});

/**
 * Holds up whoever reads the stored keys outside a rotation, after the statement has its snapshot:
 * what the network or a busy server does, at a moment of our choice.
 */
async function gateReads(database: TestDatabase) {
  const gate = 42;
  await database.sql.unsafe(`
    alter table signing_keys rename to kept_signing_keys;
    create function pass_gate() returns boolean language plpgsql volatile as $$
      begin
        if not exists (select from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()) then
          perform pg_advisory_lock_shared(${gate});
          perform pg_advisory_unlock_shared(${gate});
        end if;
        return true;
      end $$;
    create view signing_keys as select * from kept_signing_keys where (select pass_gate());`);
  const holder = await database.sql.reserve();
  await holder`select pg_advisory_lock(${gate})`;
  let isOpen = false;
  return {
    waitForReader: () =>
      vi.waitFor(async () => {
        expect(await holder`select from pg_locks where locktype = 'advisory' and not granted`).toHaveLength(1);
      }),
    waitForKeys: (count: number) =>
      vi.waitFor(async () => {
        expect(await holder`select from kept_signing_keys`).toHaveLength(count);
      }),
    async open() {
      if (isOpen) return;
      isOpen = true;
      await holder`select pg_advisory_unlock(${gate})`;
      holder.release();
    },
  };
}

describe("rotation on schedule", () => {
  const env = { SIGNING_KEY_ROTATION: "1h" };

  test("publishes the next key one cache lifetime before the term ends, and signs with it from then on", async () => {
    const gateway = await start({ env });
    const { clock, auth } = gateway;
    const first = await signIn(gateway);
    clock.advance(HOUR - CACHE_SECONDS - 0.001);
    await auth.signingKeys.maintain();
    expect(await publishedKids(gateway)).toEqual([first.kid]);
    clock.advance(0.001);
    await auth.signingKeys.maintain();
    await auth.signingKeys.maintain();
    const [, nextKid, ...others] = await publishedKids(gateway);
    expect(others).toEqual([]);
    clock.advance(CACHE_SECONDS - 0.001);
    expect((await signIn(gateway)).kid).toBe(first.kid);
    clock.advance(0.001);
    expect((await signIn(gateway)).kid).toBe(nextKid);
  });

  test("goes on for days: always a key that signs, never more than the schedule needs, no good token refused", async () => {
    const gateway = await start({ env: { SIGNING_KEY_ROTATION: "12h", ACCESS_TOKEN_TTL: "24h" } });
    const { clock, auth } = gateway;
    let previous = await signIn(gateway);
    const kids = new Set([previous.kid]);
    for (let hours = 6; hours <= 144; hours += 6) {
      clock.advance(6 * HOUR);
      await auth.signingKeys.maintain();
      expect(await outcomeOf(gateway, previous.token)).toBe("me");
      previous = await signIn(gateway);
      kids.add(previous.kid);
      expect(await publishedKids(gateway)).toContain(previous.kid);
      expect(await keyCount(gateway)).toBeLessThanOrEqual(5);
    }
    expect(kids.size).toBeGreaterThanOrEqual(10);
    expect(kids.size).toBeLessThanOrEqual(13);
  });

  test("after a long standstill publishes first, and signs with the old key meanwhile", async () => {
    const gateway = await start({ env });
    const first = await signIn(gateway);
    gateway.clock.advance(365 * 24 * HOUR);
    await gateway.auth.signingKeys.maintain();
    expect((await signIn(gateway)).kid).toBe(first.kid);
    gateway.clock.advance(CACHE_SECONDS);
    expect((await signIn(gateway)).kid).not.toBe(first.kid);
    expect(await keyCount(gateway)).toBe(2);
  });

  test("by several processes at the same moment adds one key", async () => {
    const gateways = await startSeveral({ env }, { env }, { env }, { env });
    const [first] = gateways;
    if (first === undefined) return;
    for (let round = 2; round <= 4; round += 1) {
      first.clock.advance(HOUR);
      await Promise.all(gateways.map(({ auth }) => auth.signingKeys.maintain()));
      const [events] = await first.database.sql`select count(*)::int as n from audit_events where type = 'SIGNING_KEY_ROTATED'`;
      expect(events?.n).toBe(round);
      // Within `MAINTENANCE_SECONDS` all know it.
      await Promise.all(gateways.map(({ auth }) => auth.signingKeys.maintain()));
      const kids = await Promise.all(gateways.map(publishedKids));
      expect(new Set(kids.map(String)).size).toBe(1);
    }
  });
});
