import type { Logger } from "pino";
import { isDatabaseUnavailable } from "../database/unavailable.ts";
import { createOutage, createOutages, type Outage, type OutageParts } from "./outage-log.ts";

/** What failed for want of the database: calls, chores and couriers tell the same outage. */
export function createDatabaseOutage(parts: OutageParts): Outage {
  return createOutage(
    {
      away: "the database is out of reach: calls are answered SERVICE_UNAVAILABLE, and periodic work waits; further failures are counted",
      back: "the database is back",
      level: "error",
    },
    parts,
  );
}

/** Logs what failed while a call was answered: each failure that nobody expects with its stack, and an outage of the database as such. */
export function createFailureLog(logger: Logger, database: Outage): (error: unknown, requestId: string) => void {
  return (err, requestId) => {
    if (isDatabaseUnavailable(err)) database.failed(err, { requestId });
    else logger.error({ err, requestId }, "unexpected error");
  };
}

/** Periodic work, by its name. A failure that nobody expects has its stack, once a minute. */
export interface WorkLog {
  failed(name: string, error: unknown, facts?: object): void;
  worked(name: string): void;
}

export function createWorkLog(parts: OutageParts, database: Outage): WorkLog {
  const words = { away: "a chore failed and will be tried again", back: "a chore works again", level: "error" } as const;
  const troubleOf = createOutages("chore", words, { ...parts, describe: (err) => ({ err }) });
  return {
    failed(name, error, facts) {
      if (isDatabaseUnavailable(error)) database.failed(error, { chore: name });
      else troubleOf(name).failed(error, facts);
    },
    worked(name) {
      database.worked();
      troubleOf(name).worked();
    },
  };
}
