import { AuthError } from "../../core/errors.ts";
import { createFairLine } from "./fair-line.ts";

/** Nobody waits longer: whoever would is told at once to come back later. */
const LONGEST_WAIT_MILLISECONDS = 5000;
/** One address may hold this part of the queue, so that a flood of one leaves room for others. */
const SHARE_OF_ONE_ADDRESS = 1 / 4;
/** Until the first has been measured. */
const ASSUMED_MILLISECONDS = 50;
const WEIGHT_OF_THE_NEWEST = 0.1;

/** The address of the client that asks; null for all that have none. */
export type AskingAddress = string | null;

/** Admits work that keeps a core busy: so much at a time, so much waiting, and every address in turn. */
export interface HashingQueue {
  /** Throws TOO_BUSY where there is no place, or no turn within the longest wait; the work has not begun then, and never will. */
  run<Result>(address: AskingAddress, work: () => Promise<Result>): Promise<Result>;
  /** For work that may as well be done another time: only where it keeps nobody waiting now. Undefined: not done. */
  runIfIdle<Result>(work: () => Promise<Result>): Promise<Result> | undefined;
  load(): { readonly running: number; readonly waiting: number };
}

export interface HashingQueueOptions {
  /** Pieces of work at a time. */
  readonly concurrency: number;
  /** Pieces of work that wait. */
  readonly capacity: number;
  /** Told of each that is refused. */
  readonly onRefusal?: (address: AskingAddress) => void;
}

interface Waiter {
  start(): void;
}

export function createHashingQueue(options: HashingQueueOptions, stopwatch = () => performance.now()): HashingQueue {
  const { concurrency, capacity, onRefusal = () => undefined } = options;
  const line = createFairLine<AskingAddress, Waiter>();
  const shareOfOne = Math.ceil(capacity * SHARE_OF_ONE_ADDRESS);
  let running = 0;
  let averageMilliseconds: number | undefined;

  /** Takes its place before it first waits for anything, so that none is given away twice. */
  async function perform<Result>(work: () => Promise<Result>): Promise<Result> {
    running += 1;
    const startedAt = stopwatch();
    try {
      return await work();
    } finally {
      learn(stopwatch() - startedAt);
      running -= 1;
      line.take()?.start();
    }
  }

  function learn(milliseconds: number): void {
    const before = averageMilliseconds ?? milliseconds;
    averageMilliseconds = before + (milliseconds - before) * WEIGHT_OF_THE_NEWEST;
  }

  function expectedWait(address: AskingAddress): number {
    return ((line.countBefore(address) + 1) / concurrency) * (averageMilliseconds ?? ASSUMED_MILLISECONDS);
  }

  function tooBusy(address: AskingAddress): AuthError<"TOO_BUSY"> {
    onRefusal(address);
    const wait = Math.min(expectedWait(address), LONGEST_WAIT_MILLISECONDS);
    return new AuthError("TOO_BUSY", { retryAfterSeconds: Math.max(1, Math.ceil(wait / 1000)) });
  }

  function hasPlace(address: AskingAddress): boolean {
    return line.length < capacity && line.countOf(address) < shareOfOne && expectedWait(address) <= LONGEST_WAIT_MILLISECONDS;
  }

  function wait<Result>(address: AskingAddress, work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        start() {
          clearTimeout(patience);
          resolve(perform(work));
        },
      };
      const patience = setTimeout(() => {
        line.remove(address, waiter);
        reject(tooBusy(address));
      }, LONGEST_WAIT_MILLISECONDS);
      line.add(address, waiter);
    });
  }

  return {
    async run(address, work) {
      // A place is free only while nobody waits: whoever leaves one hands it on.
      if (running < concurrency) return perform(work);
      if (!hasPlace(address)) throw tooBusy(address);
      return wait(address, work);
    },
    runIfIdle: (work) => (running < concurrency ? perform(work) : undefined),
    load: () => ({ running, waiting: line.length }),
  };
}
