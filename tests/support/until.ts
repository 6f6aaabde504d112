import { setTimeout as sleep } from "node:timers/promises";

/** A machine with much other work is slower than a quiet one by far; what never happens is told by any limit. */
const SLOWNESS = 10;
const LONGEST_PAUSE_MILLISECONDS = 25;

/**
 * Waits for something that another process or connection does, and fails where it takes longer than it ever may: ten times what it may
 * take on a quiet machine.
 */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<void> {
  const deadline = performance.now() + SLOWNESS * milliseconds;
  for (let pause = 2; !(await condition()); pause = Math.min(2 * pause, LONGEST_PAUSE_MILLISECONDS)) {
    if (performance.now() > deadline) throw new Error(`It did not happen within ${SLOWNESS * milliseconds} ms.`);
    await sleep(pause);
  }
}
