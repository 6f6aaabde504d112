import { generateKeyPairSync } from "node:crypto";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify, SignJWT } from "jose";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MeFromTokenDocument } from "../generated/operations.ts";
import type { TestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { ISSUER, startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";

const CACHE_SECONDS = 300;
/** The default ACCESS_TOKEN_TTL. */
const TTL_SECONDS = 900;
/** The longest ACCESS_TOKEN_TTL that any process may be configured with, and an hour for one that could not read the keys. */
const RETENTION_SECONDS = 86_400 + 3600;
const HOUR = 3600;

const running: TestGateway[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ clock: createStandingClock(), ...options });
  running.push(gateway);
  return gateway;
}

/** Gateways of one deployment: one database, one time. */
async function startSeveral(...options: TestGatewayOptions[]): Promise<TestGateway[]> {
  const database = await createTestDatabase();
  databases.push(database);
  const clock = createStandingClock();
  const gateways: TestGateway[] = [];
  for (const each of options) gateways.push(await start({ database, clock, ...each }));
  return gateways;
}

/** Stands still between advances: schedules can be tried at their very ends. */
function createStandingClock(): TestClock {
  let now = Math.floor(Date.now() / 1000) * 1000;
  return {
    now: () => new Date(now),
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

async function published(gateway: TestGateway): Promise<JSONWebKeySet> {
  return (await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
}

async function publishedKids(gateway: TestGateway): Promise<(string | undefined)[]> {
  return (await published(gateway)).keys.map((key) => key.kid);
}

async function signIn(gateway: TestGateway): Promise<{ token: string; kid: string | undefined; alg: string | undefined }> {
  const { accessToken } = await gateway.register();
  const { kid, alg } = decodeProtectedHeader(accessToken);
  return { token: accessToken, kid, alg };
}

/** "me", or why not. */
async function outcomeOf(gateway: TestGateway, token: string): Promise<unknown> {
  const reply = await gateway.send(MeFromTokenDocument, {}, { token });
  expect(reply.status).toBe(200);
  return reply.data?.me === null ? reply.errors[0]?.extensions.reason : "me";
}

async function keyCount(gateway: TestGateway): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as n from signing_keys`;
  return row?.n;
}

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

const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
function strangersToken(kid: string): Promise<string> {
  return new SignJWT({}).setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid }).sign(stranger.privateKey);
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

describe("a kid that is not known", () => {
  test("is looked for in the database: a key of another process works before this one has maintained", async () => {
    const [first, second] = await startSeveral({}, {});
    if (first === undefined || second === undefined) return;
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    const { token, kid } = await signIn(first);
    expect(await publishedKids(second)).not.toContain(kid);
    expect(await outcomeOf(second, token)).toBe("me");
    expect(await publishedKids(second)).toContain(kid);
    expect((await signIn(second)).kid).toBe(kid);
  });

  test("costs one reading a second at most, however many strangers there are", async () => {
    const gateway = await start();
    const { clock, database } = gateway;
    const reads = await countReads(database);
    async function visit(count: number): Promise<void> {
      const tokens = await Promise.all(Array.from({ length: count }, (_, index) => strangersToken(`stranger ${index}`)));
      const outcomes = await Promise.all(tokens.map((token) => outcomeOf(gateway, token)));
      expect(new Set(outcomes)).toEqual(new Set(["unknown_key"]));
    }
    await visit(50);
    expect(await reads()).toBe(0);
    clock.advance(0.999);
    await visit(1);
    expect(await reads()).toBe(0);
    clock.advance(0.001);
    await visit(50);
    expect(await reads()).toBe(1);
    for (let again = 0; again < 10; again += 1) await visit(1);
    expect(await reads()).toBe(1);
    for (let second = 2; second <= 5; second += 1) {
      clock.advance(1);
      await visit(20);
      expect(await reads()).toBe(second);
    }
    const { token } = await signIn(gateway);
    expect(await outcomeOf(gateway, token)).toBe("me");
    expect(await reads()).toBe(5);
  });

  test("and strangers who use up that reading delay a new key by a second, no more", async () => {
    const [first, second] = await startSeveral({}, {});
    if (first === undefined || second === undefined) return;
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    const before = await strangersToken("before");
    expect(await outcomeOf(second, before)).toBe("unknown_key");
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    await outcomeOf(second, before);
    const { token } = await signIn(first);
    expect(await outcomeOf(second, token)).toBe("me");
  });
});

/** Counts statements that read the stored keys, whoever sends them: a sequence does not wait for statistics to be flushed. */
async function countReads(database: TestDatabase): Promise<() => Promise<number>> {
  await database.sql.unsafe(`
    create sequence key_reads minvalue 0 start 0;
    select nextval('key_reads');
    alter table signing_keys rename to kept_signing_keys;
    create view signing_keys as select * from kept_signing_keys where (select nextval('key_reads') > 0);`);
  return async () => {
    const [row] = await database.sql`select last_value::int as n from key_reads`;
    return row?.n;
  };
}

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
