import type { LimitStore } from "./rate-limits.ts";
import type { RedisStore } from "./redis-store.ts";

const PROBE_MILLISECONDS = 500;

export type StoreChange = { readonly isAway: false } | { readonly isAway: true; readonly error: unknown };

export interface FallbackParts {
  readonly redis: RedisStore;
  /** Counts while Redis is away: for this process alone, and from nothing. */
  readonly memory: LimitStore;
  /** Told once for each change. */
  readonly onChange: (change: StoreChange) => void;
}

export interface FallbackStore extends LimitStore {
  close(): void;
}

/** Redis, and memory from its first failure until it counts again: only a probe asks it meanwhile, so that no caller waits for it. */
export function createFallbackStore({ redis, memory, onChange }: FallbackParts): FallbackStore {
  let probe: NodeJS.Timeout | undefined;
  let isClosed = false;

  function lookAgain(): void {
    probe = setTimeout(() => {
      redis.probe().then(comeBack, lookAgain);
    }, PROBE_MILLISECONDS).unref();
  }

  function comeBack(): void {
    probe = undefined;
    if (!isClosed) onChange({ isAway: false });
  }

  function leave(error: unknown): void {
    if (probe !== undefined || isClosed) return;
    lookAgain();
    onChange({ isAway: true, error });
  }

  return {
    async reserve(quotas, now) {
      if (probe !== undefined) return memory.reserve(quotas, now);
      try {
        const reservation = await redis.reserve(quotas, now);
        if (reservation.exhausted !== undefined) return reservation;
        // What cannot be given back is lost to its caller until it leaves the window; that is no reason to fail.
        return { giveBack: (keys) => reservation.giveBack(keys).catch(leave) };
      } catch (error) {
        leave(error);
        return memory.reserve(quotas, now);
      }
    },
    async forget(keys) {
      await memory.forget(keys);
      if (probe === undefined) await redis.forget(keys).catch(leave);
    },
    close() {
      isClosed = true;
      clearTimeout(probe);
      redis.close();
    },
  };
}
