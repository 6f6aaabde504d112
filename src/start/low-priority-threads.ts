import { pbkdf2 } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { promisify } from "node:util";

/** Enough work for every thread to show, and little enough not to delay the start: some 4 ms each. */
const PROBE_ITERATIONS = 6000;
const PROBE_ROUNDS = 3;
const ATTEMPTS = 3;
const tasks = "/proc/self/task";
const work = promisify(pbkdf2);

/**
 * Lets hashes run only in the time that nobody else needs: on Linux each thread has a nice value of its own, and raising it takes no
 * right. Nothing names the threads of the pool, so they are those that have worked when the pool has.
 * How many of `threads` it has found; fewer, and none on other systems, is no failure: the queue alone has to do there.
 */
export async function lowerThreadPool(threads: number): Promise<number> {
  if (!existsSync(tasks)) return 0;
  const lowered = new Set<number>();
  for (let attempt = 0; attempt < ATTEMPTS && lowered.size < threads; attempt++) {
    const found = await findPoolThreads(threads).catch((): number[] => []);
    for (const thread of found) if (lower(thread)) lowered.add(thread);
  }
  return lowered.size;
}

function lower(thread: number): boolean {
  try {
    setPriority(thread, constants.priority.PRIORITY_LOW);
    return true;
  } catch {
    return false;
  }
}

/** Rounds of equal jobs, one for each thread: whoever has done at least half of a thread's part is one of them. */
async function findPoolThreads(threads: number): Promise<number[]> {
  const before = runTimes();
  const usedBefore = process.cpuUsage();
  for (let round = 0; round < PROBE_ROUNDS; round++) await Promise.all(Array.from({ length: threads }, probe));
  const { user, system } = process.cpuUsage(usedBefore);
  const nanosecondsOfOne = ((user + system) * 1000) / threads;
  const worked = [...runTimes()]
    .map(([thread, runTime]) => ({ thread, ran: runTime - (before.get(thread) ?? 0) }))
    .filter(({ thread, ran }) => thread !== process.pid && ran > nanosecondsOfOne / 2);
  worked.sort((one, other) => other.ran - one.ran);
  return worked.slice(0, threads).map(({ thread }) => thread);
}

function probe(): Promise<unknown> {
  return work("", "", PROBE_ITERATIONS, 32, "sha512");
}

/** proc(5): the first figure of `schedstat` is the time on a processor, in nanoseconds. The main thread has the id of the process. */
function runTimes(): Map<number, number> {
  const times = readdirSync(tasks).map((thread) => {
    const [runTime = ""] = readFileSync(`${tasks}/${thread}/schedstat`, "utf8").split(" ");
    return [Number(thread), Number(runTime)] as const;
  });
  return new Map(times);
}
