import { LRUCache } from "lru-cache";
import type { ExhaustedQuota, LimitStore } from "./rate-limits.ts";

const MEMORY_MILLISECONDS = 1000;
const MAXIMUM_KEYS = 10_000;

/**
 * Answers from memory what a store has refused within the last second, so that whoever goes on regardless does not reach the database.
 * Never grants what the store would refuse; what another process gives back is seen a second later.
 */
export function rememberRefusals(store: LimitStore): LimitStore {
  const refused = new LRUCache<string, ExhaustedQuota & { readonly forgetAt: number }>({ max: MAXIMUM_KEYS });
  let givenBack = 0;

  return {
    async reserve(quotas, now) {
      const known = quotas.flatMap(({ key }) => refused.get(key) ?? []).filter(({ forgetAt, freeAt }) => now < Math.min(forgetAt, freeAt));
      if (known.length > 0) return { exhausted: known.map(({ key, freeAt }) => ({ key, freeAt, isFirst: false })) };
      const givenBackBefore = givenBack;
      const reservation = await store.reserve(quotas, now);
      if (reservation.exhausted !== undefined) {
        // What was given back meanwhile may be what this call lacked.
        if (givenBack !== givenBackBefore) return reservation;
        for (const quota of reservation.exhausted) refused.set(quota.key, { ...quota, forgetAt: now + MEMORY_MILLISECONDS });
        return reservation;
      }
      return {
        async giveBack(keys) {
          await reservation.giveBack(keys);
          givenBack += 1;
          for (const { key } of quotas) if (keys?.has(key) ?? true) refused.delete(key);
        },
      };
    },
    async forget(keys) {
      await store.forget(keys);
      givenBack += 1;
      for (const key of keys) refused.delete(key);
    },
  };
}
