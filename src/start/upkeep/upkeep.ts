import { setTimeout as waitForMilliseconds } from "node:timers/promises";
import type { WorkLog } from "./failure-log.ts";

/** Work that is due again and again. */
export interface Chore {
  /** Of what, for the log and the meters. */
  readonly name: string;
  readonly everySeconds: number;
  /** Done at once as well. */
  readonly isDoneFirst?: boolean;
  /** It asks no database: that it is done tells nothing of one. */
  readonly isLocal?: boolean;
  run(signal: AbortSignal): Promise<unknown>;
}

export type ChoreOutcome = "done" | "failed";

/** Resolves after so many milliseconds; rejects once the signal aborts. */
export type Wait = (milliseconds: number, signal: AbortSignal) => Promise<void>;

export interface UpkeepParts {
  readonly log: WorkLog;
  /** Told of every run, for the meters. */
  onRun(chore: string, outcome: ChoreOutcome): void;
  readonly wait?: Wait | undefined;
}

const waitReally: Wait = (milliseconds, signal) => waitForMilliseconds(milliseconds, undefined, { signal });

/** Does the chores, each by itself and never twice at once. Stopping waits for those under way. */
export function startUpkeep(chores: readonly Chore[], { log, onRun, wait = waitReally }: UpkeepParts): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;

  async function run(chore: Chore): Promise<void> {
    try {
      await chore.run(signal);
      if (!chore.isLocal) log.worked(chore.name);
      onRun(chore.name, "done");
    } catch (err) {
      log.failed(chore.name, err);
      onRun(chore.name, "failed");
    }
  }

  async function repeat(chore: Chore): Promise<void> {
    if (chore.isDoneFirst) await run(chore);
    while (!signal.aborted) {
      // Processes that start together must not stay in step.
      const milliseconds = chore.everySeconds * 1000 * (0.9 + Math.random() * 0.2);
      await wait(milliseconds, signal).catch(() => undefined);
      if (!signal.aborted) await run(chore);
    }
  }

  const all = chores.map(repeat);
  return {
    async stop() {
      stopping.abort();
      await Promise.all(all);
    },
  };
}
