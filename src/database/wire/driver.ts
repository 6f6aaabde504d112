import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { driverTypes } from "./driver-types.ts";

/** What postgres.js 3.4.9 makes of a statement, as far as its types do not say. It is sent by `handler`, once somebody waits for it. */
export interface Statement {
  handler: (statement: Statement) => void;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  /** Set where its rows are read a few at a time; then it is resolved, and rejected, by other functions each time. */
  readonly cursorFn?: unknown;
  /** What it was built of, which it is built of again where it is sent again. */
  parameters?: unknown;
}

export function isStatement(value: unknown): value is Statement {
  return value instanceof Promise && "handler" in value;
}

export interface DriverOptions {
  readonly preparesStatements: boolean;
  readonly hear: ((channel: string, payload: string) => void) | undefined;
}

/**
 * A client of the driver. All that it is left with is to write statements and to read answers: it opens nothing, it waits for nothing,
 * it asks nothing of its own (`fetch_types`), and it hears of no loss, since what it does then can end the process.
 */
export function createClient(socket: (() => unknown) | undefined, { preparesStatements, hear }: DriverOptions): postgres.Sql {
  const options = {
    host: "localhost",
    port: 5432,
    user: "nobody",
    pass: "",
    database: "nothing",
    ssl: false,
    max: 1,
    prepare: preparesStatements,
    fetch_types: false,
    idle_timeout: null,
    max_lifetime: null,
    connect_timeout: 0,
    target_session_attrs: "",
    types: { ...driverTypes },
    onnotice: () => undefined,
    ...(hear === undefined ? {} : { onnotify: hear }),
    ...(socket === undefined ? {} : { socket }),
  };
  const client = postgres(options as unknown as postgres.Options<Record<string, never>>) as unknown as postgres.Sql;
  // Drizzle replaces the driver's own reading and writing of instants and JSON, client by client.
  drizzle(client);
  return client;
}

/** The client's own way of sending. */
export function handlerOf(client: postgres.Sql): (statement: Statement) => void {
  const statement: unknown = client``;
  if (!isStatement(statement)) throw new Error("The driver is not the one that this was written for.");
  return statement.handler;
}

/** Authentication is done, and the server is ready for a statement. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

/** A socket whose greeting is over, as the driver sees it: new, never lost, and never failing. */
export function createDriverSocket(socket: Socket, rest: Buffer): EventEmitter {
  let isGreeted = false;
  const shown = new EventEmitter();
  Object.defineProperty(shown, "readyState", { get: () => socket.readyState });
  socket.on("data", (chunk) => shown.emit("data", chunk));
  socket.on("drain", () => shown.emit("drain"));
  return Object.assign(shown, {
    write(chunk: Buffer, written?: () => void): boolean {
      if (isGreeted) return socket.destroyed ? true : socket.write(chunk, written);
      // What it writes first is its own greeting.
      isGreeted = true;
      setImmediate(() => shown.emit("data", Buffer.concat([LET_IN, rest])));
      return true;
    },
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  });
}
