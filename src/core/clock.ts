/** Now. Injected everywhere, so that tests advance time instead of waiting for it; SQL receives it as a value. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

/** By how much the clocks of several processes may differ: what has just ended by one may still go on by another. */
export const CLOCK_SKEW_SECONDS = 60;

export function addSeconds(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}
