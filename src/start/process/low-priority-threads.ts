import { pbkdf2 } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { promisify } from "node:util";

/** Some 25 ms for each thread: far more than compiling and collecting garbage take another thread meanwhile, also on a busy machine. */
const PROBE_ITERATIONS = 36_000;
/** A pool of many threads shows with less. */
const PROBE_ITERATIONS_OF_MANY = 6000;
const MANY_THREADS = 8;
const PROBE_ROUNDS = 3;
const ATTEMPTS = 3;
const tasks = "/proc/self/task";
const work = promisify(pbkdf2);

/**
 * Lets hashes run only in the time that nobody else needs: on Linux each thread has a nice value of its own, and raising it takes no
 * right. Nothing names the threads of the pool, so they are those that have worked when the pool has.
 * What it is worth, and when it can go: docs/design/kept-for-speed.md.
 * How many of `threads` it has found; fewer, and none on other systems, is no failure: the queue alone has to do there.
 */
export async function lowerThreadPool(threads: number, nice: number): Promise<number> {
  if (!existsSync(tasks)) return 0;
  let best: readonly number[] = [];
  for (let attempt = 0; attempt < ATTEMPTS && best.length < threads; attempt++) {
    const found = await findPoolThreads(threads).catch((): number[] => []);
    if (found.length > best.length) best = found;
  }
  return best.filter((thread) => lower(thread, nice)).length;
}

function lower(thread: number, nice: number): boolean {
  try {
    setPriority(thread, nice);
    return true;
  } catch {
    return false;
  }
}

/** Rounds of equal jobs, one for each thread: whoever has worked about as much as the others in every round is one of them. */
async function findPoolThreads(threads: number): Promise<number[]> {
  let found: readonly number[] | undefined;
  for (let round = 0; round < PROBE_ROUNDS; round++) {
    const worked = await findWorkers(threads);
    found = found === undefined ? worked : found.filter((thread) => worked.includes(thread));
  }
  return found === undefined || found.length > threads ? [] : [...found];
}

async function findWorkers(threads: number): Promise<number[]> {
  const iterations = threads > MANY_THREADS ? PROBE_ITERATIONS_OF_MANY : PROBE_ITERATIONS;
  const before = runTimes();
  await Promise.all(Array.from({ length: threads }, () => work("", "", iterations, 32, "sha512")));
  const growth = [...runTimes()]
    .filter(([thread]) => thread !== process.pid)
    .map(([thread, runTime]) => ({ thread, ran: runTime - (before.get(thread) ?? 0) }));
  growth.sort((one, other) => other.ran - one.ran);
  const typical = growth[Math.floor((threads - 1) / 2)]?.ran ?? 0;
  return growth.filter(({ ran }) => ran > typical / 2).map(({ thread }) => thread);
}

/** proc(5): the first figure of `schedstat` is the time on a processor, in nanoseconds. The main thread has the id of the process. */
function runTimes(): Map<number, number> {
  const times = readdirSync(tasks).map((thread) => {
    const [runTime = ""] = readFileSync(`${tasks}/${thread}/schedstat`, "utf8").split(" ");
    return [Number(thread), Number(runTime)] as const;
  });
  return new Map(times);
}
