import type postgres from "postgres";
import { parseConnectionString } from "./connection-string/connection-string.ts";
import { LostConnectionError } from "./lost-connection.ts";
import type { Connection } from "./wire/connection.ts";
import type { Statement } from "./wire/driver.ts";
import { createFacade } from "./wire/facade.ts";
import { createOpener } from "./wire/opener.ts";
import { sweepRegularly } from "./wire/sweep.ts";

export interface SoleConnection {
  readonly sql: postgres.Sql;
  /** The same connection, for statements that may take as long as they take. */
  readonly patient: postgres.Sql;
  /** At once, without waiting for an answer that may never come. */
  close(): void;
}

export interface SoleConnectionOptions {
  readonly applicationName: string;
  /** Settings of the server for this connection. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Undefined: as the connection string has it. */
  readonly preparesStatements?: boolean;
  readonly connectMilliseconds?: number;
  /** Of each statement that is no cursor, from when it is sent. With one that takes longer the connection is lost. */
  readonly deadlineMilliseconds?: number;
  readonly hear?: (channel: string, payload: string) => void;
}

const DEADLINE_MILLISECONDS = 6000;
const nothing = () => undefined;
const stopwatch = () => performance.now();

/**
 * One connection of its own, opened by its first statement. Once it is lost every further statement says so: no other one takes its place.
 */
export function openSoleConnection(url: string, options: SoleConnectionOptions): SoleConnection {
  const { applicationName, settings: direct = {}, connectMilliseconds, deadlineMilliseconds = DEADLINE_MILLISECONDS, hear } = options;
  const settings = parseConnectionString(url);
  const opener = createOpener({
    settings: connectMilliseconds === undefined ? settings : { ...settings, connectMilliseconds },
    applicationName,
    preparesStatements: options.preparesStatements ?? settings.preparesStatements ?? true,
    direct: { default_transaction_isolation: "read committed", ...direct },
    hear,
    stopwatch,
  });
  let opening: Promise<Connection> | undefined;
  let isClosed = false;
  const ended = new LostConnectionError("CONNECTION_ENDED");

  async function open(): Promise<Connection> {
    let stopSweeping: () => void = nothing;
    const connection = await opener.open({ settled: nothing, lost: () => stopSweeping() });
    stopSweeping = sweepRegularly(stopwatch, (now) => {
      if (connection.expire(now - deadlineMilliseconds)) connection.destroy(new LostConnectionError("STATEMENT_TIMEOUT"));
    });
    return connection;
  }

  function run(statement: Statement, askedAt?: number): void {
    if (isClosed) {
      statement.reject(ended);
      return;
    }
    opening ??= open();
    opening.then(
      (connection) => connection.run(statement, askedAt),
      (error: unknown) => statement.reject(error),
    );
  }

  return {
    sql: createFacade(run, undefined),
    patient: createFacade((statement) => run(statement, Number.POSITIVE_INFINITY), undefined),
    close() {
      isClosed = true;
      opening?.then((connection) => connection.destroy(ended), nothing);
    },
  };
}
