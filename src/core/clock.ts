/** Now. Injected everywhere, so that tests advance time instead of waiting for it; SQL receives it as a value. */
export type Clock = () => Date;

export const systemClock: Clock = () => new Date();

export function addSeconds(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}
