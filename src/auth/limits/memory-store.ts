import { hashKey } from "./key-hash.ts";
import type { ExhaustedQuota, LimitStore, Quota, RateLimit } from "./rate-limits.ts";
import { createTallies } from "./tallies.ts";

/** Each takes some 400 bytes, and 16 for each slot of its window. */
const MAXIMUM_KEYS = 50_000;
const MAXIMUM_KEY_LENGTH = 64;

/** Counts in the memory of this process. */
export interface MemoryStore extends LimitStore {
  /** The same at once, without a way back: it is on the path of every query. Undefined where the call is granted. */
  count(quotas: readonly Quota[], now: number): readonly ExhaustedQuota[] | undefined;
  readonly size: number;
}

export function createMemoryStore({ maximumKeys = MAXIMUM_KEYS }: { maximumKeys?: number } = {}): MemoryStore {
  const tallies = createTallies(maximumKeys);

  function judge(key: string, limit: RateLimit, now: number): ExhaustedQuota | undefined {
    const known = tallies.find(boundedKey(key), limit, now);
    return known !== undefined && known.total >= limit.max ? { key, ...tallies.refuse(known, limit, now) } : undefined;
  }

  function judgeAll(quotas: readonly Quota[], now: number): ExhaustedQuota[] | undefined {
    let exhausted: ExhaustedQuota[] | undefined;
    for (const { key, limit } of quotas) {
      const refused = judge(key, limit, now);
      if (refused === undefined) continue;
      exhausted ??= [];
      exhausted.push(refused);
    }
    return exhausted;
  }

  return {
    count(quotas, now) {
      const exhausted = judgeAll(quotas, now);
      if (exhausted === undefined) for (const { key, limit } of quotas) tallies.add(boundedKey(key), limit, now);
      return exhausted;
    },
    async reserve(quotas, now) {
      const exhausted = judgeAll(quotas, now);
      if (exhausted !== undefined) return { exhausted };
      const counted = quotas.map(({ key, limit }) => ({ key, slot: tallies.add(boundedKey(key), limit, now) }));
      return {
        async giveBack(keys) {
          for (const { key, slot } of counted) if (keys?.has(key) ?? true) tallies.remove(boundedKey(key), slot);
        },
      };
    },
    async forget(keys) {
      for (const key of keys) tallies.forget(boundedKey(key));
    },
    get size() {
      return tallies.size;
    },
  };
}

/** The number of keys bounds the bytes only where keys are short. */
function boundedKey(key: string): string {
  return key.length > MAXIMUM_KEY_LENGTH ? hashKey(key) : key;
}
