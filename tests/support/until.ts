import { setTimeout as sleep } from "node:timers/promises";

/** Waits for something that another process or connection does, and fails where it takes longer than it ever may. */
export async function until(condition: () => boolean | Promise<boolean>, milliseconds: number): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`It did not happen within ${milliseconds} ms.`);
    await sleep(5);
  }
}
