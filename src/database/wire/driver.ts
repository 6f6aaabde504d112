import { EventEmitter } from "node:events";
import type { Socket } from "node:net";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { createConversation } from "./conversation.ts";
import { driverTypes } from "./driver-types.ts";
import { createMessageGate } from "./message-gate.ts";
import { brokenProtocol } from "./protocol-failure.ts";

/** What postgres.js 3.4.9 makes of a statement, as far as its types do not say. It is sent by `handler`, once somebody waits for it. */
export interface Statement {
  handler: (statement: Statement) => void;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
  /** Set where its rows are read a few at a time; then it is resolved, and rejected, by other functions each time. */
  readonly cursorFn?: unknown;
  /** While it is under way. Where it is not, the slices of a reading are at their end. */
  active?: boolean;
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
  const sql = postgres(options as unknown as postgres.Options<Record<string, never>>) as unknown as postgres.Sql;
  // Drizzle replaces the driver's own reading and writing of instants and JSON, client by client.
  drizzle(sql);
  return sql;
}

/** The client's own way of sending. */
export function handlerOf(sql: postgres.Sql): (statement: Statement) => void {
  const statement: unknown = sql``;
  if (!isStatement(statement)) throw new Error("The driver is not the one that this was written for.");
  return statement.handler;
}

/** Authentication is done, and the server is ready for a statement. */
const LET_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]);

export interface DriverSocket {
  /** As the driver sees it: new, never lost, and never failing. */
  readonly shown: EventEmitter;
  /** Whether the driver is reading what has come: what it says against a statement meanwhile, it says of that. */
  isReading(): boolean;
  /** What comes from the server. What does not fit what was asked for destroys the socket. */
  readonly read: (chunk: Buffer) => void;
}

/** A socket whose greeting is over. */
export function createDriverSocket(socket: Socket): DriverSocket {
  let isGreeted = false;
  let isReading = false;
  const shown = new EventEmitter();
  const conversation = createConversation();

  function pass(messages: Buffer): void {
    isReading = true;
    try {
      shown.emit("data", messages);
    } catch (cause) {
      socket.destroy(brokenProtocol(cause));
    } finally {
      isReading = false;
    }
  }

  Object.defineProperty(shown, "readyState", { get: () => socket.readyState });
  socket.on("drain", () => shown.emit("drain"));
  Object.assign(shown, {
    write(chunk: Buffer, written?: () => void): boolean {
      if (!isGreeted) {
        // What it writes first is its own greeting.
        isGreeted = true;
        setImmediate(pass, LET_IN);
        return true;
      }
      if (socket.destroyed) return true;
      conversation.said(chunk);
      return socket.write(chunk, written);
    },
    end: () => socket.end(),
    destroy: () => socket.destroy(),
    pause: () => socket.pause(),
    resume: () => socket.resume(),
  });
  return {
    shown,
    isReading: () => isReading,
    read: createMessageGate({
      conversation,
      // What a server says before the first statement is of settings, and notices.
      pass: (messages) => isGreeted && pass(messages),
      refuse: () => socket.destroy(brokenProtocol()),
    }),
  };
}
