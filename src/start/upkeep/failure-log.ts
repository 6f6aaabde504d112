import { isReplicaLost } from "../../database/read-replica.ts";
import { isDatabaseUnavailable, isStatementGivenUp } from "../../database/unavailable.ts";
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

/** What failed for want of the read replica alone. */
export function createReplicaOutage(parts: OutageParts): Outage {
  return createOutage(
    {
      away:
        "the read replica is out of reach: lists of users, the audit trail and exports are answered SERVICE_UNAVAILABLE; " +
        "nothing else is",
      back: "the read replica is back",
    },
    parts,
  );
}

/** Logs what failed while a call was answered. */
export interface FailureLog {
  failed(error: unknown, requestId: string): void;
  /** A statement was answered. */
  worked(): void;
}

/** Each failure that nobody expects has its stack; an outage of the database is told as such, and so are statements that it gave up. */
export function createFailureLog(parts: OutageParts, { database, replica }: { database: Outage; replica: Outage }): FailureLog {
  const words = {
    away: "the database gave a statement up: the call is answered SERVICE_UNAVAILABLE; further ones are counted",
    back: "the database gives up no more statements",
  };
  const givenUp = createOutage(words, parts);
  return {
    failed(err, requestId) {
      if (isStatementGivenUp(err)) givenUp.failed(err, { requestId });
      else if (isReplicaLost(err)) replica.failed(err, { requestId });
      else if (isDatabaseUnavailable(err)) database.failed(err, { requestId });
      else parts.logger.error({ err, requestId }, "unexpected error");
    },
    worked: givenUp.worked,
  };
}

/** Periodic work, by its name. A failure that nobody expects has its stack, once a minute. */
export interface WorkLog {
  failed(name: string, error: unknown, facts?: object): void;
  worked(name: string): void;
}

export function createWorkLog(parts: OutageParts, { database, calls }: { database: Outage; calls: Pick<FailureLog, "worked"> }): WorkLog {
  const words = { away: "a chore failed and will be tried again", back: "a chore works again" } as const;
  const givenUpOf = createOutages("chore", words, parts);
  const troubleOf = createOutages("chore", { ...words, level: "error" }, { ...parts, describe: (err) => ({ err }) });
  return {
    failed(name, error, facts) {
      if (isStatementGivenUp(error)) givenUpOf(name).failed(error, facts);
      else if (isDatabaseUnavailable(error)) database.failed(error, { chore: name });
      else troubleOf(name).failed(error, facts);
    },
    worked(name) {
      for (const each of [database, calls, givenUpOf(name), troubleOf(name)]) each.worked();
    },
  };
}
