/** Seconds after each attempt that failed; then the last one again and again. */
const DELAYS = [5, 30, 120, 600, 1800, 3600, 7200, 14_400] as const;
const LONGEST = 14_400;
const MAXIMUM_ATTEMPTS = 25;

/**
 * Seconds until the next attempt, a fifth more or less by chance, so that what failed together does not come back together.
 * Undefined: that was the last one. `chance` is from 0 up to 1.
 */
export function secondsUntilRetry(attempts: number, chance: number): number | undefined {
  if (attempts >= MAXIMUM_ATTEMPTS) return undefined;
  return (DELAYS[attempts - 1] ?? LONGEST) * (0.8 + chance * 0.4);
}
