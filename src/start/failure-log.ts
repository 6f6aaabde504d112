import type { Logger } from "pino";
import { isDatabaseUnavailable } from "../database/unavailable.ts";

/** So long after the last refusal an outage is taken for over. */
const QUIET_MILLISECONDS = 10_000;

/**
 * Logs what failed while a call was answered: each failure that nobody expects with its stack, and one line for an outage, however many
 * calls are refused meanwhile, and one with their number once there are no more.
 */
export function createFailureLog(logger: Logger): (error: unknown, requestId: string) => void {
  let refused = 0;
  let lastAt = 0;

  function watch(): void {
    const rest = lastAt + QUIET_MILLISECONDS - performance.now();
    if (rest > 0) {
      setTimeout(watch, rest).unref();
      return;
    }
    logger.warn({ refused }, "no call is refused any more for want of the database");
    refused = 0;
  }

  return (err, requestId) => {
    if (!isDatabaseUnavailable(err)) return logger.error({ err, requestId }, "unexpected error");
    lastAt = performance.now();
    refused += 1;
    if (refused > 1) return;
    logger.error({ err, requestId }, "the database is out of reach, calls are answered SERVICE_UNAVAILABLE; further ones are counted");
    watch();
  };
}
