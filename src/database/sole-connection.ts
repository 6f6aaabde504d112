import type postgres from "postgres";
import { parseConnectionString } from "./connection-string.ts";
import { LostConnectionError } from "./lost-connection.ts";
import type { Connection } from "./wire/connection.ts";
import type { Statement } from "./wire/driver.ts";
import { createFacade } from "./wire/facade.ts";
import { createOpener } from "./wire/opener.ts";

export interface SoleConnection {
  readonly sql: postgres.Sql;
  /** At once, without waiting for an answer that may never come. */
  close(): void;
}

export interface SoleConnectionOptions {
  readonly applicationName: string;
  /** Settings of the server for this connection. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly connectMilliseconds?: number;
  readonly hear?: (channel: string, payload: string) => void;
}

/** One connection of its own, opened by its first statement. Once it is lost every further statement says so: no other one takes its place. */
export function openSoleConnection(url: string, options: SoleConnectionOptions): SoleConnection {
  const { applicationName, settings: direct = {}, connectMilliseconds, hear } = options;
  const settings = parseConnectionString(url);
  const opener = createOpener({
    settings: connectMilliseconds === undefined ? settings : { ...settings, connectMilliseconds },
    applicationName,
    preparesStatements: settings.preparesStatements ?? true,
    direct: { default_transaction_isolation: "read committed", ...direct },
    hear,
    stopwatch: () => performance.now(),
  });
  let opening: Promise<Connection> | undefined;
  let isClosed = false;
  const ended = new LostConnectionError("CONNECTION_ENDED");
  const nothing = () => undefined;

  function run(statement: Statement): void {
    if (isClosed) {
      statement.reject(ended);
      return;
    }
    opening ??= opener.open({ settled: nothing, lost: nothing });
    opening.then(
      (connection) => connection.run(statement),
      (error: unknown) => statement.reject(error),
    );
  }

  const sql: postgres.Sql = createFacade(run, async (work) => {
    await sql.unsafe("begin isolation level read committed");
    try {
      const result = await work(sql);
      await sql.unsafe("commit");
      return result;
    } catch (error) {
      await sql.unsafe("rollback").then(nothing, nothing);
      throw error;
    }
  });
  return {
    sql,
    close() {
      isClosed = true;
      opening?.then((connection) => connection.destroy(ended), nothing);
    },
  };
}
