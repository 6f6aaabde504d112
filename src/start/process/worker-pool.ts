import cluster, { type Worker } from "node:cluster";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import type { Logger } from "pino";
import { StartupError } from "../../core/errors.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

const FIRST_BACKOFF_MILLISECONDS = 100;
const LONGEST_BACKOFF_MILLISECONDS = 10_000;
/** A worker that has lived this long did not die of its start. */
const SOUND_MILLISECONDS = 30_000;

export interface WorkerPool {
  /** Where they all listen. Rejects where one of them could not start. */
  readonly started: Promise<string>;
  /** The workers that live, by the place that they have. */
  workers(): ReadonlyMap<number, Worker>;
  restarts(): number;
  /** Resolves when all have ended; whoever takes longer than `patienceSeconds` is killed. */
  stop(patienceSeconds: number, hurry: AbortSignal): Promise<void>;
}

export interface WorkerPoolOptions {
  readonly count: number;
  /** What they find in their environment besides ours. */
  readonly env: Readonly<Record<string, string>>;
  readonly logger: Logger;
}

/** Starts processes of this same program, and another one in the place of each that dies. */
export function createWorkerPool({ count, env, logger }: WorkerPoolOptions): WorkerPool {
  const places = new Map<number, Worker>();
  let isStopping = false;
  let restarts = 0;

  /** Undefined: it has ended first. */
  async function start(place: number): Promise<{ address: string; worker: Worker } | undefined> {
    const worker = cluster.fork(env);
    places.set(place, worker);
    logger.info({ place, pid: worker.process.pid }, "a worker starts");
    const address = await Promise.race([hearAddress(worker), once(worker, "exit").then(() => undefined)]);
    return address === undefined ? undefined : { address, worker };
  }

  async function keepAlive(place: number, first: Worker): Promise<void> {
    let failures = 0;
    for (let worker: Worker | undefined = first; ; ) {
      const startedAt = performance.now();
      if (worker !== undefined && !worker.isDead()) await once(worker, "exit");
      if (isStopping) return;
      failures = performance.now() - startedAt > SOUND_MILLISECONDS ? 0 : failures + 1;
      const milliseconds = Math.min(FIRST_BACKOFF_MILLISECONDS * 2 ** failures, LONGEST_BACKOFF_MILLISECONDS);
      logger.error(
        { place, exitCode: worker?.process.exitCode, signal: worker?.process.signalCode, milliseconds },
        "a worker died and is replaced",
      );
      await wait(milliseconds); // Holds this process where every worker has died.
      if (isStopping) return;
      restarts += 1;
      worker = (await start(place))?.worker;
    }
  }

  async function startAll(): Promise<string> {
    const started = await Promise.all(Array.from({ length: count }, (_none, index) => start(index + 1)));
    const [first] = started;
    if (first === undefined || started.includes(undefined)) throw new StartupError("A worker could not start; it has said why.");
    started.forEach((each, index) => void (each && keepAlive(index + 1, each.worker)));
    return first.address;
  }

  const live = () => [...places].filter(([, worker]) => !worker.isDead());
  return {
    started: startAll(),
    workers: () => new Map(live().filter(([, worker]) => worker.isConnected())),
    restarts: () => restarts,
    async stop(patienceSeconds, hurry) {
      isStopping = true;
      const ended = Promise.all(live().map(([, worker]) => once(worker, "exit")));
      for (const [, worker] of live()) tell(worker, { type: "stop" });
      const rush = () => live().forEach(([, worker]) => void tell(worker, { type: "hurry" }));
      hurry.addEventListener("abort", rush);
      const patience = setTimeout(() => live().forEach(([, worker]) => void worker.process.kill("SIGKILL")), patienceSeconds * 1000);
      await ended;
      clearTimeout(patience);
      hurry.removeEventListener("abort", rush);
    },
  };
}

export function tell(worker: Worker, message: ToWorker): void {
  // One that is about to die may have lost its channel already.
  if (worker.isConnected()) worker.send(message, () => undefined);
}

function hearAddress(worker: Worker): Promise<string> {
  return new Promise((resolve) => {
    worker.on("message", (message: FromWorker) => {
      if (message.type === "listening") resolve(message.address);
    });
  });
}
