import type { Socket } from "node:net";
import postgres from "postgres";
import { LostConnectionError } from "../lost-connection.ts";
import { createClient, createDriverSocket, handlerOf, type Statement } from "./driver.ts";
import { brokenProtocol } from "./protocol-failure.ts";

/** One connection to PostgreSQL, which is opened, used and thrown away; never another one in its place. */
export interface Connection {
  readonly openedAt: number;
  /** Whether the server said, as it let us in, that nothing can be written. */
  readonly isReadOnly: boolean;
  /** Statements under way. */
  load(): number;
  isAlive(): boolean;
  /** Sends it, and settles it in any case: where the connection is lost, at once. Absent: it was asked for just now. */
  run(statement: Statement, askedAt?: number): void;
  /** Refuses what was asked for before then and is not answered: it stays under way until it is. False: there is nothing. */
  expire(due: number): boolean;
  /** Whether something is under way that the server has said nothing to since then. */
  isSilent(since: number): boolean;
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
  readonly stopwatch: () => number;
  readonly events: ConnectionEvents;
}

interface Sent {
  askedAt: number;
  /** Tells whoever asked, and nobody else. */
  readonly refuse: (error: unknown) => void;
}

/** PostgreSQL's "that is all". */
const TERMINATE = Buffer.from([0x58, 0, 0, 0, 4]);

export function createConnection(parts: ConnectionParts): Connection {
  const { socket, rest, reported, preparesStatements, hear, stopwatch, events } = parts;
  const wire = createDriverSocket(socket);
  const send = handlerOf(createClient(() => wire.shown, { preparesStatements, hear }));
  const underWay = new Map<Statement, Sent>();
  let reading: Statement | undefined;
  let loss: LostConnectionError | undefined;
  /** When it last answered, or was sent the first of what is under way. */
  let heardAt = stopwatch();

  function lose(error: LostConnectionError): LostConnectionError {
    if (loss !== undefined) return loss;
    loss = error;
    socket.destroy();
    for (const statement of underWay.keys()) statement.reject(error);
    underWay.clear();
    reading?.reject(error);
    events.lost(connection);
    return error;
  }

  /** What the driver cannot read ends the connection, and whatever is under way on it fails for that. */
  const explain = (error: unknown) => (wire.isReading() && isUnread(error) ? lose(lossBy(brokenProtocol(error))) : error);

  function settle(statement: Statement, error?: unknown): void {
    heardAt = stopwatch();
    if (explain(error) !== error) return;
    if (underWay.delete(statement) && loss === undefined) events.settled(connection, error);
  }

  const connection: Connection = {
    openedAt: stopwatch(),
    isReadOnly: reported.get("in_hot_standby") === "on" || reported.get("default_transaction_read_only") === "on",
    load: () => underWay.size,
    isAlive: () => loss === undefined,
    run(statement, askedAt = stopwatch()) {
      if (loss !== undefined) return statement.reject(loss);
      // Its functions are other ones for every few rows, so that its end cannot be seen here.
      if (statement.cursorFn !== undefined) reading = failForGood(statement, explain);
      else {
        if (underWay.size === 0) heardAt = stopwatch();
        underWay.set(statement, { askedAt, refuse: statement.reject });
        watch(statement, settle);
      }
      send(statement);
    },
    expire: (due) => giveUpLate(underWay.values(), due),
    isSilent: (since) => underWay.size > 0 && heardAt < since,
    destroy(error) {
      if (loss === undefined && socket.writable) socket.write(TERMINATE);
      lose(error);
    },
  };

  listenTo(socket, rest, { read: wire.read, lost: (cause) => lose(lossBy(cause)) });
  return connection;
}

function lossBy(cause: unknown): LostConnectionError {
  return new LostConnectionError("CONNECTION_CLOSED", cause instanceof Error ? { cause } : {});
}

interface Listener {
  readonly read: (chunk: Buffer) => void;
  readonly lost: (cause?: unknown) => void;
}

function listenTo(socket: Socket, rest: Buffer, { read, lost }: Listener): void {
  socket.on("error", lost).on("close", () => lost());
  read(rest);
  socket.on("data", read);
  if (socket.destroyed) setImmediate(lost);
}

function giveUpLate(underWay: Iterable<Sent>, due: number): boolean {
  const late = [...underWay].filter(({ askedAt }) => askedAt < due);
  late.forEach(giveUp);
  return late.length > 0;
}

function giveUp(sent: Sent): void {
  sent.askedAt = Number.POSITIVE_INFINITY;
  sent.refuse(new LostConnectionError("STATEMENT_TIMEOUT"));
}

/** An error of the driver that the server has not said: it cannot read what came. */
function isUnread(error: unknown): boolean {
  return error !== undefined && !(error instanceof postgres.PostgresError) && !(error instanceof LostConnectionError);
}

/**
 * Where it fails between two of its slices the driver tells nobody, and the slices that came would pass for all of them. Whoever waits
 * for one has put a function here.
 */
function failForGood(statement: Statement, explain: (error: unknown) => unknown): Statement {
  let { reject } = statement;
  let failure: { readonly error: unknown } | undefined;
  Object.defineProperty(statement, "reject", {
    get: () => (error: unknown) => {
      failure ??= { error: explain(error) };
      reject(failure.error);
      statement.active = true;
    },
    set(waiting: Statement["reject"]) {
      reject = waiting;
      if (failure !== undefined) reject(failure.error);
    },
  });
  return statement;
}

/** Tells when it is settled, by the driver or by us. */
function watch(statement: Statement, settle: (statement: Statement, error?: unknown) => void): void {
  const { resolve, reject } = statement;
  statement.resolve = (result) => {
    settle(statement);
    resolve(result);
  };
  statement.reject = (error) => {
    settle(statement, error);
    reject(error);
  };
}
