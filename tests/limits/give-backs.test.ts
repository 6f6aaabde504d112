import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { hashKey } from "../../src/auth/limits/key-hash.ts";
import { createMemoryStore } from "../../src/auth/limits/memory-store.ts";
import { createPostgresStore, type PostgresStore } from "../../src/auth/limits/postgres-store.ts";
import { type CountedCall, createPostponedGiveBacks } from "../../src/auth/limits/postponed-give-backs.ts";
import type { Quota, Reservation } from "../../src/auth/limits/rate-limits.ts";
import { rememberRefusals } from "../../src/auth/limits/remember-refusals.ts";
import { type OpenDatabase, openDatabase } from "../../src/database/open-database.ts";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { rounds } from "../support/rounds.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

const NOW = Date.parse("2026-01-01T00:00:00.500Z");
const PATIENCE_MILLISECONDS = 10_000;

let database: TestDatabase;
let pools: OpenDatabase[] = [];
beforeAll(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  pools = [];
});
afterAll(() => database.drop());

/** As in a process of its own. */
function openStore(): PostgresStore {
  const pool = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 10 });
  pools.push(pool);
  return createPostgresStore(pool.database);
}

const newQuota = (max: number): Quota => ({ key: `Mutation.login ${randomUUID()}`, limit: { max, windowSeconds: 60 } });
const isGranted = (reservation: Reservation) => reservation.exhausted === undefined;

async function callsOf({ key }: Quota): Promise<number | undefined> {
  const [row] = await database.sql<{ calls: number }[]>`
    select (select coalesce(sum(each), 0)::int from unnest(calls) as each) as calls from rate_limits where key = ${hashKey(key)}`;
  return row?.calls;
}

/** The one whose row is locked first comes first. */
function inOrderOfLocks(one: Quota, other: Quota): readonly [Quota, Quota] {
  return hashKey(one.key) < hashKey(other.key) ? [one, other] : [other, one];
}

test("in one process a call that was given back is free at once, also where another call's statement is just taking it along", async () => {
  const store = openStore();
  const [other, single] = inOrderOfLocks(newQuota(1), newQuota(1));
  // Each on a connection of its own: whoever is not made to wait finds one that is open.
  await Promise.all(Array.from({ length: 20 }, () => store.reserve([newQuota(1)], NOW)));
  await (await store.reserve([other], NOW)).giveBack?.();
  const granted = await store.reserve([single], NOW);
  const holder = await database.sql.reserve();
  await holder`begin`;
  await holder`select 1 from rate_limits where key = ${hashKey(other.key)} for update`;
  await granted.giveBack?.();
  // Waits for the row that is held, before it comes to the other one.
  const carrier = store.reserve([other], NOW);
  await untilLockWait(database.sql, PATIENCE_MILLISECONDS);
  const next = store.reserve([single], NOW);
  // Time enough for a judgement that comes too early.
  await openStore().reserve([newQuota(1)], NOW);
  await holder`commit`;
  holder.release();
  expect(isGranted(await carrier)).toBe(true);
  expect(isGranted(await next)).toBe(true);
});

test("another process sees what is given back though nobody calls here any more", async () => {
  const [here, there] = [openStore(), openStore()];
  const quota = newQuota(1);
  const granted = await here.reserve([quota], NOW);
  expect(isGranted(await there.reserve([quota], NOW))).toBe(false);
  await granted.giveBack?.();
  await until(async () => isGranted(await there.reserve([quota], NOW)), PATIENCE_MILLISECONDS);
  expect(await callsOf(quota)).toBe(1);
});

test("what is given back is there when a store has closed, and so is what comes after", async () => {
  const store = openStore();
  const quota = newQuota(3);
  const [one, two, three] = await Promise.all([1, 2, 3].map(() => store.reserve([quota], NOW)));
  await one?.giveBack?.();
  await two?.giveBack?.();
  await store.close();
  expect(await callsOf(quota)).toBe(1);
  await three?.giveBack?.();
  await store.close();
  expect(await callsOf(quota)).toBe(0);
});

test("calls that share keys in any order, counted and given back by two processes, neither wait in a circle nor lose count", async () => {
  const stores = [openStore(), openStore()];
  const quotas = Array.from({ length: 6 }, () => newQuota(40));
  let kept = 0;
  async function callOften(store: PostgresStore, seed: number): Promise<void> {
    for (let round = 0; round < rounds(30); round += 1) {
      const turned = quotas.map((_, index) => quotas[(index * (round % 2 ? 5 : 1) + seed + round) % quotas.length] ?? newQuota(1));
      const reservation = await store.reserve(turned.slice(0, 3), NOW);
      if (!isGranted(reservation)) continue;
      if ((round + seed) % 4 === 0) kept += 3;
      else await reservation.giveBack?.();
    }
  }
  await Promise.all(Array.from({ length: 16 }, (_, seed) => callOften(stores[seed % 2] ?? openStore(), seed)));
  await Promise.all(stores.map((store) => store.close()));
  const calls = await Promise.all(quotas.map(callsOf));
  expect(kept).toBeGreaterThan(100);
  expect(calls.reduce((sum: number, count = 0) => sum + count, 0)).toBe(kept);
});

test("what was purged, or has left the window, is not charged with what is given back of it", async () => {
  const store = openStore();
  const [purged, renewed, other] = [newQuota(1), newQuota(2), newQuota(5)];
  const granted = [await store.reserve([purged], NOW), await store.reserve([renewed], NOW)];
  await database.sql`delete from rate_limits where key = ${hashKey(purged.key)}`;
  const later = NOW + 60_000;
  await store.reserve([renewed], later);
  for (const reservation of granted) await reservation.giveBack?.();
  await store.reserve([other], later);
  expect(await Promise.all([purged, renewed, other].map(callsOf))).toEqual([0, 1, 1]);
  expect(await Promise.all([1, 2].map(async () => isGranted(await store.reserve([purged], later))))).toEqual([true, false]);
});

test("a login that was just answered when a server is told to stop has given its attempt back when it has", async () => {
  const server = await startServerProcess({ DATABASE_URL: database.url, DRAIN_DELAY: "0s" });
  const credentials = { email: newEmail(), password: PASSWORD };
  dataOf(await server.send(RegisterDocument, { input: credentials }));
  dataOf(await server.send(LoginDocument, { input: credentials }));
  expect(await server.stop("SIGTERM")).toBe(0);
  expect(await database.sql`select calls from rate_limits where ends_at > now() order by calls`).toMatchObject([
    { calls: [] },
    { calls: [] },
    // The registration, and the sign-in of the account.
    { calls: [1] },
    { calls: [1] },
  ]);
});

const callOf = (key: string): CountedCall => ({ key, slot: NOW });

test("a statement that fails takes along what it had, once, and fails nobody but its own call", async () => {
  let attempts = 0;
  const giveBacks = createPostponedGiveBacks(async () => {
    attempts += 1;
    throw new Error("away");
  });
  giveBacks.add([callOf("a")]);
  const failing = giveBacks.takeAlong(["b"], async (calls) => {
    expect(calls).toEqual([callOf("a")]);
    throw new Error("away");
  });
  const next = giveBacks.takeAlong(["a"], async (calls) => calls);
  await expect(failing).rejects.toThrow("away");
  expect(await next).toEqual([]);
  giveBacks.add([callOf("c")]);
  await giveBacks.close();
  expect(attempts).toBe(1);
});

test("a statement that is never answered holds up neither the next call of its callers nor a shutdown for long", async () => {
  const silence = new Promise<never>(() => undefined);
  const giveBacks = createPostponedGiveBacks(() => silence);
  giveBacks.add([callOf("a")]);
  void giveBacks.takeAlong(["b"], () => silence);
  expect(await giveBacks.takeAlong(["a"], async (calls) => calls)).toEqual([]);
  giveBacks.add([callOf("a")]);
  await giveBacks.close();
});

test("what nobody takes along does not pile up", async () => {
  const sizes: number[] = [];
  const giveBacks = createPostponedGiveBacks(async (calls) => sizes.push(calls.length));
  for (let index = 0; index < 1000; index += 1) giveBacks.add([callOf(`key ${index}`)]);
  // All within one turn of the event loop: no timer has run.
  expect(Math.max(...sizes)).toBeLessThanOrEqual(64);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(1000 - 64);
  await giveBacks.close();
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(1000);
});

test("a refusal that was judged before a call was given back is not remembered", async () => {
  const memory = createMemoryStore();
  const gate = new EventEmitter();
  const store = rememberRefusals({
    forget: memory.forget,
    async reserve(quotas, now) {
      const reservation = await memory.reserve(quotas, now);
      if (reservation.exhausted !== undefined) await once(gate, "open");
      return reservation;
    },
  });
  const quota = newQuota(1);
  const granted = await store.reserve([quota], NOW);
  const refused = store.reserve([quota], NOW);
  await granted.giveBack?.();
  gate.emit("open");
  expect(isGranted(await refused)).toBe(false);
  expect(isGranted(await store.reserve([quota], NOW))).toBe(true);
});
