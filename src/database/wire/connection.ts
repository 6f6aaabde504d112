import type { Socket } from "node:net";
import type postgres from "postgres";
import { LostConnectionError } from "../lost-connection.ts";
import { createClient, createDriverSocket, handlerOf, type Statement } from "./driver.ts";

/** One connection to PostgreSQL, which is opened, used and thrown away; never another one in its place. */
export interface Connection {
  readonly openedAt: number;
  /** Whether the server said, as it let us in, that nothing can be written. */
  readonly isReadOnly: boolean;
  /** Statements under way. */
  load(): number;
  isAlive(): boolean;
  /** Sends it, and settles it in any case: where the connection is lost, at once. */
  run(statement: Statement): void;
  /** Ends what was sent before then and is not answered; all of it where nothing at all was answered since. False: there is nothing. */
  expire(due: number): boolean;
  /** At once, with everything that is under way, and without waiting for anybody. */
  destroy(error: LostConnectionError): void;
}

export interface ConnectionEvents {
  /** A statement was settled; with the error, where it failed. */
  settled(connection: Connection, error: unknown): void;
  lost(connection: Connection): void;
}

export interface ConnectionParts {
  /** As a server left it that let us in. */
  readonly socket: Socket;
  readonly rest: Buffer;
  readonly reported: ReadonlyMap<string, string>;
  readonly preparesStatements: boolean;
  readonly hear: ((channel: string, payload: string) => void) | undefined;
  readonly events: ConnectionEvents;
}

/** PostgreSQL's "that is all". */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export function createConnection({ socket, rest, reported, preparesStatements, hear, events }: ConnectionParts): Connection {
  const driverSocket = createDriverSocket(socket, rest);
  const client: postgres.Sql = createClient(() => driverSocket, { preparesStatements, hear });
  const send = handlerOf(client);
  const sentAt = new Map<Statement, number>();
  let reading: Statement | undefined;
  let loss: LostConnectionError | undefined;
  let answeredAt = performance.now();

  function lose(error: LostConnectionError): void {
    if (loss !== undefined) return;
    loss = error;
    socket.destroy();
    for (const statement of sentAt.keys()) statement.reject(error);
    sentAt.clear();
    reading?.reject(error);
    events.lost(connection);
  }

  function settle(statement: Statement, error?: unknown): void {
    answeredAt = performance.now();
    if (sentAt.delete(statement) && loss === undefined) events.settled(connection, error);
  }

  const connection: Connection = {
    openedAt: performance.now(),
    isReadOnly: reported.get("in_hot_standby") === "on" || reported.get("default_transaction_read_only") === "on",
    load: () => sentAt.size,
    isAlive: () => loss === undefined,
    run(statement) {
      if (loss !== undefined) return statement.reject(loss);
      // Its functions are other ones for every few rows, so that its end cannot be seen here.
      if (statement.cursorFn !== undefined) reading = statement;
      else sentAt.set(watch(statement, settle), performance.now());
      send(statement);
    },
    expire(due) {
      const late = [...sentAt].filter(([, at]) => at < due);
      if (late.length === 0) return false;
      const error = new LostConnectionError("STATEMENT_TIMEOUT");
      if (answeredAt < due) lose(error);
      const heardAt = answeredAt;
      for (const [statement] of late) statement.reject(error);
      answeredAt = heardAt;
      return true;
    },
    destroy(error) {
      if (loss === undefined && socket.writable) socket.write(TERMINATE);
      lose(error);
    },
  };

  const onLost = (cause?: unknown) => lose(new LostConnectionError("CONNECTION_CLOSED", cause instanceof Error ? { cause } : {}));
  socket.on("error", onLost).on("close", () => onLost());
  if (socket.destroyed) setImmediate(onLost);
  return connection;
}

/** Tells when it is settled, by the driver or by us. */
function watch(statement: Statement, settle: (statement: Statement, error?: unknown) => void): Statement {
  const { resolve, reject } = statement;
  statement.resolve = (result) => {
    settle(statement);
    resolve(result);
  };
  statement.reject = (error) => {
    settle(statement, error);
    reject(error);
  };
  return statement;
}
