import type { Logger } from "pino";
import { problemOf } from "../../telemetry/logger.ts";

/**
 * So long without a failure, and then a success: before that, an outage is not taken for over. More than the slowest chore's attempts are
 * apart.
 */
const QUIET_MILLISECONDS = 15_000;
const REPEAT_MILLISECONDS = 60_000;

/** Something that others depend on, and that can be away. */
export interface Outage {
  /** One more attempt failed. The facts are told where this failure is the one that is told. */
  failed(error: unknown, facts?: object): void;
  /** An attempt succeeded. */
  worked(): void;
}

export interface OutageWords {
  /** Of the line at the beginning, and of one a minute while it lasts. */
  readonly away: string;
  readonly back: string;
  /** Of the first word; the others are warnings. */
  readonly level?: "warn" | "error";
}

export interface OutageParts {
  readonly logger: Logger;
  /** Milliseconds that only ever go forward. */
  readonly stopwatch: () => number;
}

interface OutageOptions extends OutageParts {
  /** In each line. */
  readonly facts?: object;
  /** What the log is to see of an error: without its stack, unless nobody expects it. */
  readonly describe?: (error: unknown) => object;
}

/**
 * Tells of an outage in a line at its beginning, one a minute while it lasts, and one when it is over, both with the number of failures;
 * each of these is told at the level `debug`. Every outage is told this way, whoever notices it.
 */
export function createOutage({ away, back, level = "warn" }: OutageWords, options: OutageOptions): Outage {
  const { logger, stopwatch, facts: always, describe = (error) => ({ problem: problemOf(error) }) } = options;
  let failures = 0;
  let [begunAt, lastAt, toldAt] = [0, 0, 0];

  return {
    failed(error, facts) {
      lastAt = stopwatch();
      failures += 1;
      if (failures === 1) {
        begunAt = lastAt;
        toldAt = lastAt;
        logger[level]({ ...always, ...describe(error), ...facts }, away);
      } else if (lastAt - toldAt >= REPEAT_MILLISECONDS) {
        toldAt = lastAt;
        logger.warn({ ...always, ...describe(error), ...facts, failures }, away);
      } else if (logger.isLevelEnabled("debug")) logger.debug({ ...always, ...describe(error), ...facts }, away);
    },
    worked() {
      if (failures === 0 || stopwatch() - lastAt < QUIET_MILLISECONDS) return;
      logger.warn({ ...always, failures, seconds: Math.round((lastAt - begunAt) / 1000) }, back);
      failures = 0;
    },
  };
}

/** One outage for each name, which is a fact of its lines; made when the name is first heard. */
export function createOutages(fact: string, words: OutageWords, options: OutageOptions): (name: string) => Outage {
  const known = new Map<string, Outage>();
  return (name) => {
    const found = known.get(name) ?? createOutage(words, { ...options, facts: { [fact]: name } });
    known.set(name, found);
    return found;
  };
}
