import type { RateLimit } from "./rate-limits.ts";

/**
 * So many calls of a key are remembered one by one. Of more, how many came in each of so many parts of the window: that bounds what a key
 * takes in every store, whatever its limit.
 */
const SLOTS_PER_WINDOW = 32;

/**
 * The instant that a call counts for, in milliseconds since 1970: the last one of its slot, never an earlier one than its own. So no call
 * leaves the window too early, and in no window, wherever it begins, are more than `max` granted. Up to 32 calls a window that is exact to
 * the millisecond; of more, a refusal may last a 32nd part of the window longer than it had to.
 */
export function slotOf(now: number, limit: RateLimit): number {
  const length = limit.max <= SLOTS_PER_WINDOW ? 1 : Math.ceil(windowMilliseconds(limit) / SLOTS_PER_WINDOW);
  return Math.floor(now / length) * length + length - 1;
}

export function windowMilliseconds({ windowSeconds }: RateLimit): number {
  return windowSeconds * 1000;
}
