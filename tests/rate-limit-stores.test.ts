import { randomUUID } from "node:crypto";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../src/auth/limits/memory-store.ts";
import { createPostgresStore } from "../src/auth/limits/postgres-store.ts";
import { type Claim, type LimitStore, type Reservation, retryAfterSeconds } from "../src/auth/limits/rate-limits.ts";
import { createRedisStore, type RedisStore } from "../src/auth/limits/redis-store.ts";
import { rememberRefusals } from "../src/auth/limits/remember-refusals.ts";
import { openDatabase } from "../src/database/database.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { SCHEMA } from "./support/raw-client.ts";
import { hasRedis, startTestRedis } from "./support/redis.ts";
import { until } from "./support/until.ts";

interface Subject {
  /** Two processes' views of one place, where it can be shared. */
  readonly stores: readonly [LimitStore, LimitStore];
  /** Everything that is kept, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

async function openMemory(): Promise<Subject> {
  const store = createMemoryStore();
  return { stores: [store, store], dump: async () => "", close: async () => undefined };
}

async function openPostgres(): Promise<Subject> {
  const pools = [
    openDatabase({ url: database.url, schema: SCHEMA, poolSize: 10 }),
    openDatabase({ url: database.url, schema: SCHEMA, poolSize: 10 }),
  ] as const;
  return {
    stores: [createPostgresStore(pools[0].database), createPostgresStore(pools[1].database)],
    dump: async () => JSON.stringify(await database.sql`select * from rate_limits`),
    close: async () => void (await Promise.all(pools.map((pool) => pool.close()))),
  };
}

async function openRedis(): Promise<Subject> {
  const redis = await startTestRedis();
  const stores = [createRedisStore(redis.url), createRedisStore(redis.url)] as const;
  const answers = (store: RedisStore) =>
    store
      .probe()
      .then(() => true)
      .catch(() => false);
  for (const store of stores) await until(() => answers(store), 5000);
  return {
    stores,
    dump: async () => {
      const client = await createClient({ url: redis.url }).connect();
      const keys = await client.keys("*");
      client.destroy();
      return keys.join();
    },
    close: async () => {
      for (const store of stores) store.close();
      await redis.kill();
    },
  };
}

const newClaim = (max: number, windowSeconds = 60): Claim => ({ key: `Mutation.login ${randomUUID()}`, limit: { max, windowSeconds } });
const isGranted = (reservation: Reservation) => reservation.exhausted === undefined;
const NOW = Date.parse("2026-01-01T00:00:00.500Z");

describe.each([
  ["memory", openMemory, true],
  ["PostgreSQL", openPostgres, true],
  ["Redis", openRedis, hasRedis],
] as const)("%s", (_name, open, isThere) => {
  let subject: Subject;
  beforeAll(async () => {
    if (isThere) subject = await open();
  });
  afterAll(() => subject?.close());

  async function reserveMany(count: number, claims: readonly Claim[], now = NOW): Promise<Reservation[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => (subject.stores[index % 2] ?? subject.stores[0]).reserve(claims, now)));
  }

  test.skipIf(!isThere)("grants exactly max of 50 parallel calls, and tells of the first refusal once", async () => {
    const reservations = await reserveMany(50, [newClaim(7)]);
    expect(reservations.filter(isGranted)).toHaveLength(7);
    const refusals = reservations.flatMap(({ exhausted }) => exhausted ?? []);
    expect(refusals.filter(({ isFirst }) => isFirst)).toHaveLength(1);
    expect(new Set(refusals.map(({ endsAt }) => endsAt))).toEqual(new Set([NOW + 60_000]));
    expect(retryAfterSeconds(refusals, NOW + 1)).toBe(60);
    expect(retryAfterSeconds(refusals, NOW + 59_999)).toBe(1);
  });

  test.skipIf(!isThere)("grants all claims of a call or none, also of keys that nobody has called before", async () => {
    const [scarce, plenty] = [newClaim(3), newClaim(100)];
    // Named in both orders: whoever locked them as they come would wait in a circle.
    const both = await Promise.all([reserveMany(25, [scarce, plenty]), reserveMany(25, [plenty, scarce])]);
    expect(both.flat().filter(isGranted)).toHaveLength(3);
    expect(both.flat().find(({ exhausted }) => exhausted)?.exhausted).toMatchObject([{ key: scarce.key }]);
    const rest = await reserveMany(150, [plenty]);
    expect(rest.filter(isGranted)).toHaveLength(97);
  });

  test.skipIf(!isThere)("begins a new window when the old one is over, to the millisecond, and only then", async () => {
    const claim = newClaim(2, 60);
    expect((await reserveMany(3, [claim])).filter(isGranted)).toHaveLength(2);
    expect((await reserveMany(3, [claim], NOW + 59_999)).filter(isGranted)).toHaveLength(0);
    expect((await reserveMany(3, [claim], NOW + 60_000)).filter(isGranted)).toHaveLength(2);
    const [refusal] = await reserveMany(1, [claim], NOW + 90_000);
    expect(refusal?.exhausted).toMatchObject([{ endsAt: NOW + 120_000, isFirst: false }]);
  });

  test.skipIf(!isThere)("takes back what is given back, exactly, and nothing out of a later window", async () => {
    const claims = [newClaim(5), newClaim(9)];
    const granted = await reserveMany(5, claims);
    await Promise.all(granted.slice(0, 3).map((reservation) => reservation.giveBack?.()));
    expect((await reserveMany(20, claims)).filter(isGranted)).toHaveLength(3);
    const later = NOW + 60_000;
    expect((await reserveMany(20, claims, later)).filter(isGranted)).toHaveLength(5);
    await granted[4]?.giveBack?.();
    expect((await reserveMany(20, claims, later)).filter(isGranted)).toHaveLength(0);
  });

  test.skipIf(!isThere)("keeps neither addresses nor e-mail addresses where they leave the process", async () => {
    await reserveMany(1, [{ key: "Mutation.login account ada@example.com", limit: { max: 1, windowSeconds: 60 } }]);
    expect(await subject.dump()).not.toMatch(/ada@|example|login/);
  });
});

test("memory is bounded, and forgets whoever is limited last", async () => {
  const store = createMemoryStore({ maximumKeys: 1000 });
  const limited = newClaim(1, 3600);
  expect(store.count(limited, NOW)).toBeUndefined();
  for (let index = 0; index < 10_000; index += 1) store.count({ key: `caller ${index}`, limit: { max: 2, windowSeconds: 60 } }, NOW);
  expect(store.size).toBe(1000);
  expect(store.count(limited, NOW + 1)).toMatchObject({ isExhausted: true });
  // Windows that are over make room by themselves.
  for (let index = 0; index < 999; index += 1) store.count({ key: `late ${index}`, limit: { max: 2, windowSeconds: 60 } }, NOW + 60_000);
  expect(store.size).toBe(1000);
  expect(store.count({ key: "late 0", limit: { max: 1, windowSeconds: 60 } }, NOW + 60_001)).toBeDefined();
});

test("memory holds long keys as hashes, and tells them apart", () => {
  const store = createMemoryStore();
  const claimOf = (last: string): Claim => ({ key: "k".repeat(300) + last, limit: { max: 1, windowSeconds: 60 } });
  expect([claimOf("a"), claimOf("b"), claimOf("a")].map((claim) => store.count(claim, NOW) === undefined)).toEqual([true, true, false]);
});

test("a refusal is remembered for a second, not asked for again, and forgotten when a call is given back", async () => {
  let asked = 0;
  const memory = createMemoryStore();
  const store = rememberRefusals({
    reserve(claims, now) {
      asked += 1;
      return memory.reserve(claims, now);
    },
  });
  const claim = newClaim(1);
  const granted = await store.reserve([claim], NOW);
  for (const later of [0, 500, 999])
    expect((await store.reserve([claim], NOW + later)).exhausted).toMatchObject([{ endsAt: NOW + 60_000 }]);
  expect(asked).toBe(2);
  await store.reserve([claim], NOW + 1000);
  expect(asked).toBe(3);
  await granted.giveBack?.();
  expect(isGranted(await store.reserve([claim], NOW + 1001))).toBe(true);
});
