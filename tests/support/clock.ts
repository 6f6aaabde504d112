import type { Clock } from "../../src/core/clock.ts";

export interface TestClock {
  readonly now: Clock;
  advance(seconds: number): void;
}

/** Real time plus what it was advanced by: nothing sleeps, and PostgreSQL, which receives the time as a value, agrees. */
export function createTestClock(): TestClock {
  let ahead = 0;
  return {
    now: () => new Date(Date.now() + ahead),
    advance(seconds) {
      ahead += seconds * 1000;
    },
  };
}

/** Stands still until it is advanced, so that a test knows the millisecond at which something happens. */
export function createStillClock(): TestClock {
  let time = Date.now();
  return {
    now: () => new Date(time),
    advance(seconds) {
      time += Math.round(seconds * 1000);
    },
  };
}
