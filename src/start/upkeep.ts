import type { Logger } from "pino";

/** Work that is due again and again. */
export interface Chore {
  /** Of what, for the log. */
  readonly name: string;
  readonly everySeconds: number;
  run(signal: AbortSignal): Promise<unknown>;
}

/** Does the chores, each by itself and never twice at once. Stopping waits for those under way. */
export function startUpkeep(chores: readonly Chore[], logger: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const timers = new Map<Chore, NodeJS.Timeout>();

  async function run(chore: Chore): Promise<void> {
    try {
      await chore.run(stopping.signal);
    } catch (err) {
      logger.error({ err, chore: chore.name }, "a chore failed and will be tried again");
    }
  }

  /** Processes that start together must not stay in step. */
  function schedule(chore: Chore): void {
    if (stopping.signal.aborted) return;
    const milliseconds = chore.everySeconds * 1000 * (0.9 + Math.random() * 0.2);
    const start = () => {
      const work = run(chore).finally(() => {
        running.delete(work);
        schedule(chore);
      });
      running.add(work);
    };
    timers.set(chore, setTimeout(start, milliseconds));
  }

  chores.forEach(schedule);
  return {
    async stop() {
      stopping.abort();
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
