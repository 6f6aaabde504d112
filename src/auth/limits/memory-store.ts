import { hashKey } from "./key-hash.ts";
import { type Claim, type ClaimState, type LimitStore, listExhausted, type RateLimit } from "./rate-limits.ts";
import { createTallies, type Tally } from "./tallies.ts";

/** Each takes some 400 bytes. */
const MAXIMUM_KEYS = 50_000;
const MAXIMUM_KEY_LENGTH = 64;

/** Counts in the memory of this process. */
export interface MemoryStore extends LimitStore {
  /** The same for a single claim, at once: it is on the path of every query. Undefined where the call is granted. */
  count(claim: Claim, now: number): ClaimState | undefined;
  readonly size: number;
}

export function createMemoryStore({ maximumKeys = MAXIMUM_KEYS }: { maximumKeys?: number } = {}): MemoryStore {
  const tallies = createTallies(maximumKeys);

  function refuse(tally: Tally): ClaimState {
    const isFirst = !tally.isRefused;
    tallies.markRefused(tally);
    return { endsAt: tally.endsAt, isExhausted: true, isFirst };
  }

  function judge(key: string, { max }: RateLimit, now: number): ClaimState | undefined {
    const known = tallies.find(key, now);
    return known !== undefined && known.calls >= max ? refuse(known) : undefined;
  }

  /** When the window ends that the call was counted in. */
  function take(key: string, limit: RateLimit, now: number): number {
    const known = tallies.find(key, now);
    if (known === undefined) return tallies.begin(key, limit, now).endsAt;
    tallies.increase(known, limit.max);
    return known.endsAt;
  }

  function giveBack(key: string, endsAt: number): void {
    const known = tallies.find(key, 0);
    if (known?.endsAt === endsAt) tallies.decrease(known);
  }

  return {
    count(claim, now) {
      const key = boundedKey(claim.key);
      const known = tallies.find(key, now);
      if (known === undefined) tallies.begin(key, claim.limit, now);
      else if (known.calls >= claim.limit.max) return refuse(known);
      else tallies.increase(known, claim.limit.max);
      return undefined;
    },
    async reserve(claims, now) {
      const bounded = claims.map(({ key, limit }) => ({ key: boundedKey(key), limit }));
      const states = bounded.map(({ key, limit }) => judge(key, limit, now) ?? granted);
      const exhausted = listExhausted(claims, states);
      if (exhausted.length > 0) return { exhausted };
      const windows = bounded.map(({ key, limit }) => ({ key, endsAt: take(key, limit, now) }));
      return {
        async giveBack() {
          for (const { key, endsAt } of windows) giveBack(key, endsAt);
        },
      };
    },
    get size() {
      return tallies.size;
    },
  };
}

const granted: ClaimState = { endsAt: 0, isExhausted: false, isFirst: false };

/** The number of keys bounds the bytes only where keys are short. */
function boundedKey(key: string): string {
  return key.length > MAXIMUM_KEY_LENGTH ? hashKey(key) : key;
}
