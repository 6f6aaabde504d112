import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createMemoryStore } from "../../src/auth/limits/memory-store.ts";
import { type Quota, type Reservation, retryAfterSeconds } from "../../src/auth/limits/rate-limits.ts";
import { rememberRefusals } from "../../src/auth/limits/remember-refusals.ts";
import { type LimitStoreSubject, limitStoreSubjects } from "../support/databases/limit-stores.ts";

const newQuota = (max: number, windowSeconds = 60): Quota => ({ key: `Mutation.login ${randomUUID()}`, limit: { max, windowSeconds } });
const isGranted = (reservation: Reservation) => reservation.exhausted === undefined;
const NOW = Date.parse("2026-01-01T00:00:00.500Z");

describe.each(limitStoreSubjects)("%s", (_name, open, isThere) => {
  let subject: LimitStoreSubject;
  beforeAll(async () => {
    if (isThere) subject = await open();
  });
  afterAll(() => subject?.close());

  async function reserveMany(count: number, quotas: readonly Quota[], now = NOW): Promise<Reservation[]> {
    return Promise.all(Array.from({ length: count }, (_, index) => (subject.stores[index % 2] ?? subject.stores[0]).reserve(quotas, now)));
  }

  test.skipIf(!isThere)("grants exactly max of 50 parallel calls, and tells of the first refusal once", async () => {
    const reservations = await reserveMany(50, [newQuota(7)]);
    expect(reservations.filter(isGranted)).toHaveLength(7);
    const refusals = reservations.flatMap(({ exhausted }) => exhausted ?? []);
    expect(refusals.filter(({ isFirst }) => isFirst)).toHaveLength(1);
    expect(new Set(refusals.map(({ freeAt }) => freeAt))).toEqual(new Set([NOW + 60_000]));
    expect(retryAfterSeconds(refusals, NOW + 1)).toBe(60);
    expect(retryAfterSeconds(refusals, NOW + 59_999)).toBe(1);
  });

  test.skipIf(!isThere)("grants a call in all of its quotas or in none, also of keys that nobody has called before", async () => {
    const [scarce, plenty] = [newQuota(3), newQuota(100)];
    // Named in both orders: whoever locked them as they come would wait in a circle.
    const both = await Promise.all([reserveMany(25, [scarce, plenty]), reserveMany(25, [plenty, scarce])]);
    expect(both.flat().filter(isGranted)).toHaveLength(3);
    expect(both.flat().find(({ exhausted }) => exhausted)?.exhausted).toMatchObject([{ key: scarce.key }]);
    const rest = await reserveMany(150, [plenty]);
    expect(rest.filter(isGranted)).toHaveLength(97);
  });

  test.skipIf(!isThere)(
    "slides: a call is granted again when the oldest one is a window old, to the millisecond, and only then",
    async () => {
      const quota = newQuota(5, 10);
      expect((await reserveMany(1, [quota])).filter(isGranted)).toHaveLength(1);
      expect((await reserveMany(9, [quota], NOW + 9000)).filter(isGranted)).toHaveLength(4);
      // A window that begins anew would grant five more now.
      expect((await reserveMany(9, [quota], NOW + 9999)).filter(isGranted)).toHaveLength(0);
      expect((await reserveMany(9, [quota], NOW + 10_000)).filter(isGranted)).toHaveLength(1);
      const [refusal] = await reserveMany(1, [quota], NOW + 10_001);
      expect(refusal?.exhausted).toMatchObject([{ freeAt: NOW + 19_000, isFirst: false }]);
      expect((await reserveMany(9, [quota], NOW + 19_000)).filter(isGranted)).toHaveLength(4);
    },
  );

  test.skipIf(!isThere)("tells of a refusal once a window, however many there are", async () => {
    const quota = newQuota(1, 10);
    const first = async (now: number) =>
      (await reserveMany(4, [quota], now)).flatMap(({ exhausted = [] }) => exhausted).filter(({ isFirst }) => isFirst).length;
    expect([await first(NOW), await first(NOW + 9000), await first(NOW + 10_000), await first(NOW + 10_001)]).toEqual([1, 0, 1, 0]);
  });

  test.skipIf(!isThere)("takes back what is given back, exactly, also of one key alone, and nothing out of a later window", async () => {
    const quotas = [newQuota(5), newQuota(9)] as const;
    const granted = await reserveMany(5, quotas);
    await Promise.all(granted.slice(0, 3).map((reservation) => reservation.giveBack?.()));
    expect((await reserveMany(20, quotas)).filter(isGranted)).toHaveLength(3);
    await granted[3]?.giveBack?.(new Set([quotas[0].key]));
    expect((await reserveMany(20, [quotas[0]])).filter(isGranted)).toHaveLength(1);
    expect((await reserveMany(20, [quotas[1]])).filter(isGranted)).toHaveLength(4);
    const later = NOW + 60_000;
    expect((await reserveMany(20, quotas, later)).filter(isGranted)).toHaveLength(5);
    await granted[4]?.giveBack?.();
    expect((await reserveMany(20, quotas, later)).filter(isGranted)).toHaveLength(0);
  });

  test.skipIf(!isThere)("keeps neither addresses nor e-mail addresses where they leave the process", async () => {
    await reserveMany(1, [{ key: "Mutation.login account ada@example.com", limit: { max: 1, windowSeconds: 60 } }]);
    expect(await subject.dump()).not.toMatch(/ada@|example|login/);
  });
});

test("memory is bounded, and forgets whoever is limited last", async () => {
  const store = createMemoryStore({ maximumKeys: 1000 });
  const limited = newQuota(1, 3600);
  expect(store.count([limited], NOW)).toBeUndefined();
  for (let index = 0; index < 10_000; index += 1) store.count([{ key: `caller ${index}`, limit: { max: 2, windowSeconds: 60 } }], NOW);
  expect(store.size).toBe(1000);
  expect(store.count([limited], NOW + 1)).toHaveLength(1);
  // Windows that are over make room by themselves.
  for (let index = 0; index < 999; index += 1) store.count([{ key: `late ${index}`, limit: { max: 2, windowSeconds: 60 } }], NOW + 60_000);
  expect(store.size).toBe(1000);
  expect(store.count([{ key: "late 0", limit: { max: 1, windowSeconds: 60 } }], NOW + 60_001)).toBeDefined();
});

test("memory holds long keys as hashes, and tells them apart", () => {
  const store = createMemoryStore();
  const quotaOf = (last: string): Quota => ({ key: "k".repeat(300) + last, limit: { max: 1, windowSeconds: 60 } });
  expect([quotaOf("a"), quotaOf("b"), quotaOf("a")].map((quota) => store.count([quota], NOW) === undefined)).toEqual([true, true, false]);
});

test("a refusal is remembered for a second, not asked for again, and forgotten when a call is given back", async () => {
  let asked = 0;
  const memory = createMemoryStore();
  const store = rememberRefusals({
    forget: memory.forget,
    reserve(quotas, now) {
      asked += 1;
      return memory.reserve(quotas, now);
    },
  });
  const quota = newQuota(1);
  const granted = await store.reserve([quota], NOW);
  for (const later of [0, 500, 999])
    expect((await store.reserve([quota], NOW + later)).exhausted).toMatchObject([{ freeAt: NOW + 60_000 }]);
  expect(asked).toBe(2);
  await store.reserve([quota], NOW + 1000);
  expect(asked).toBe(3);
  await granted.giveBack?.();
  expect(isGranted(await store.reserve([quota], NOW + 1001))).toBe(true);
});
