import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Quota, RateLimit, Reservation } from "../../src/auth/limits/rate-limits.ts";
import { type LimitStoreSubject, limitStoreSubjects } from "../support/databases/limit-stores.ts";
import { rounds } from "../support/rounds.ts";

/** What a store has to do, without any of what it does: every call that was granted, with its own time. */
interface Model {
  readonly limit: RateLimit;
  /** Whoever was granted and not given back. */
  readonly granted: { at: number; reservation: Reservation }[];
}

const NOW = Date.parse("2026-01-01T00:00:00.123Z");
const PARTS = 32;
/** Above so many calls a store may hold a call for this much longer than its window. */
const toleranceOf = ({ max, windowSeconds }: RateLimit) => (max > PARTS ? Math.ceil((windowSeconds * 1000) / PARTS) : 0);
const within = ({ limit, granted }: Model, now: number, milliseconds = limit.windowSeconds * 1000) =>
  granted.filter(({ at }) => at > now - milliseconds).length;

const limits = fc.record({
  max: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 9 }) }, fc.constantFrom(32, 33, 70)),
  windowSeconds: fc.constantFrom(1, 10, 60),
});
const steps = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("call" as const), count: fc.integer({ min: 1, max: 24 }), of: fc.constantFrom("one", "other", "both") }),
    // In parts of a window, so that what happens at its edges is met often.
    fc.record({ kind: fc.constant("wait" as const), part: fc.constantFrom(0.001, 0.1, 0.25, 0.5, 0.9, 0.999, 1), jitter: fc.nat(2) }),
    fc.record({ kind: fc.constant("giveBack" as const), index: fc.nat(50) }),
  ),
  { minLength: 4, maxLength: 14 },
);

/** Calls at one instant, through two processes: exactly as many are granted as the model has room for. */
async function callMany(
  subject: LimitStoreSubject,
  { models, count, now }: { models: ReadonlyMap<Quota, Model>; count: number; now: number },
): Promise<void> {
  const quotas = [...models.keys()];
  const reservations = await Promise.all(
    Array.from({ length: count }, (_, index) =>
      (subject.stores[index % 2] ?? subject.stores[0]).reserve(index % 3 ? quotas : quotas.toReversed(), now),
    ),
  );
  const granted = reservations.filter(({ exhausted }) => exhausted === undefined);
  const room = (each: Model, tolerance: number) => each.limit.max - within(each, now, each.limit.windowSeconds * 1000 + tolerance);
  const most = Math.min(count, ...[...models.values()].map((model) => room(model, 0)));
  const least = Math.min(count, ...[...models.values()].map((model) => room(model, toleranceOf(model.limit))));
  expect(granted.length).toBeLessThanOrEqual(most);
  expect(granted.length).toBeGreaterThanOrEqual(Math.max(0, least));
  for (const model of models.values()) for (const reservation of granted) model.granted.push({ at: now, reservation });
  checkRefusals(reservations, { models, now });
}

/** Whoever is refused is told when there is room: not before there is, and no later than the window and its part. */
function checkRefusals(reservations: readonly Reservation[], { models, now }: { models: ReadonlyMap<Quota, Model>; now: number }): void {
  const byKey = new Map([...models].map(([quota, model]) => [quota.key, model]));
  for (const { key, freeAt } of reservations.flatMap(({ exhausted = [] }) => exhausted)) {
    const model = byKey.get(key);
    if (model === undefined) throw new Error("refused for what nobody called for");
    expect(freeAt).toBeGreaterThan(now);
    expect(within(model, freeAt)).toBeLessThan(model.limit.max);
    if (toleranceOf(model.limit) === 0) expect(within(model, freeAt - 1)).toBe(model.limit.max);
    expect(freeAt).toBeLessThanOrEqual(now + model.limit.windowSeconds * 1000 + toleranceOf(model.limit));
  }
}

describe.each(limitStoreSubjects)("%s", (_name, open, isThere) => {
  let subject: LimitStoreSubject;
  beforeAll(async () => {
    if (isThere) subject = await open();
  });
  afterAll(() => subject?.close());

  test.skipIf(!isThere)(
    "never grants more than max in any window, and refuses nothing that an exact model grants, whatever comes at once or is given back",
    async () => {
      await fc.assert(
        fc.asyncProperty(limits, limits, steps, async (one, other, sequence) => {
          const [first, second]: readonly [Quota, Quota] = [
            { key: randomUUID(), limit: one },
            { key: randomUUID(), limit: other },
          ];
          const models = new Map<Quota, Model>([
            [first, { limit: one, granted: [] }],
            [second, { limit: other, granted: [] }],
          ]);
          let now = NOW;
          for (const step of sequence) {
            if (step.kind === "wait") now += Math.max(1, Math.floor(one.windowSeconds * 1000 * step.part) + step.jitter - 1);
            if (step.kind === "call") {
              const called = [...models].filter(([quota]) => step.of === "both" || quota === (step.of === "one" ? first : second));
              await callMany(subject, { models: new Map(called), count: step.count, now });
            }
            if (step.kind === "giveBack") await giveBackOne([...models.values()], step.index);
          }
          for (const [, model] of models) expectNoWindowAbove(model);
        }),
        { numRuns: rounds(30) },
      );
    },
  );

  async function giveBackOne(models: readonly Model[], index: number): Promise<void> {
    const all = models.flatMap(({ granted }) => granted);
    const chosen = all[index % Math.max(1, all.length)];
    if (chosen === undefined) return;
    await chosen.reservation.giveBack?.();
    await subject.settle();
    for (const { granted } of models) {
      const at = granted.findIndex(({ reservation }) => reservation === chosen.reservation);
      if (at >= 0) granted.splice(at, 1);
    }
  }
});

function expectNoWindowAbove(model: Model): void {
  for (const { at } of model.granted) {
    const inWindow = model.granted.filter((call) => call.at <= at && call.at > at - model.limit.windowSeconds * 1000);
    expect(inWindow.length).toBeLessThanOrEqual(model.limit.max);
  }
}
