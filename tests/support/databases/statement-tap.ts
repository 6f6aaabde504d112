import { connect, createServer, type Socket } from "node:net";
import { listenAsRelay } from "./relay-server.ts";

/** A wire to PostgreSQL on which every statement is seen that is executed. */
export interface StatementTap {
  /** The given address, through the tap. */
  readonly url: string;
  /** The texts of the statements executed while the work lasted, in their order; tables and functions of the server without its schema. */
  during(work: () => Promise<unknown>): Promise<string[]>;
  close(): Promise<void>;
}

export async function tapStatements(target: string): Promise<StatementTap> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  const executed: string[] = [];
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(address.port || 5432), host: address.hostname, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    const note = leaveOutLooks((statement) => executed.push(statement));
    const read = createReader((statement) => note(withoutSchema(statement)));
    near.on("data", (chunk: Buffer) => {
      read(chunk);
      far.write(chunk);
    });
    far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  const listening = await listenAsRelay(server, { target, sockets });
  return {
    ...listening,
    async during(work) {
      const before = executed.length;
      await work();
      return executed.slice(before);
    },
  };
}

/** `"auth"."users" as users` and `"auth"."users"` are both `users`. */
function withoutSchema(statement: string): string {
  return statement.replace(/"auth"\."(\w+)"(?: as \1\b)?/g, "$1");
}

/** Upkeep, delivery and new connections have statements of their own, at any moment. */
export const isOfACall = (statement: string) =>
  !/pg_catalog|revocations|signing_keys|advisory|skip locked|(update|from) outbox|walks = 0|erasure_at (is not|<)/i.test(statement);

/** Of one connection: what couriers do, with the transaction around it, is no part of anybody's work. */
function leaveOutLooks(onStatement: (text: string) => void): (text: string) => void {
  let begin: string | undefined;
  let isLook = false;
  return (text) => {
    if (/^begin\b/.test(text)) {
      begin = "begin";
      return;
    }
    const isFirst = begin !== undefined;
    if (isFirst) isLook = isUpkeep(text);
    if (isFirst && !isLook) onStatement("begin");
    begin = undefined;
    if (!isLook) onStatement(text);
    if (text === "commit" || text === "rollback") isLook = false;
  };
}

/**
 * Every process looks every second, and notes what became of a message whenever that is; and its chores, whenever they are due, begin with
 * a lock that only one of all processes gets.
 */
function isUpkeep(statement: string): boolean {
  if (statement.includes("pg_try_advisory_xact_lock")) return true;
  return statement.includes("from outbox where state = 'PENDING'") || /^\s*(with due as \(\s*select id from|update) outbox/.test(statement);
}

/**
 * Frontend messages (PostgreSQL's documentation, "Message Formats"): Query, Parse, which gives a statement a name, and Bind, which uses it.
 */
function createReader(onStatement: (text: string) => void): (chunk: Buffer) => void {
  const texts = new Map<string, string>();
  let buffer = Buffer.alloc(0);
  // The messages of the start-up have no type: one of eight bytes asks for TLS, the other one says who is there.
  let typeBytes = 0;
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= typeBytes + 4) {
      const end = typeBytes + buffer.readUInt32BE(typeBytes);
      if (buffer.length < end) return;
      const type = typeBytes === 0 ? "" : String.fromCharCode(buffer[0] ?? 0);
      const [first = "", second = ""] = buffer
        .subarray(typeBytes + 4, end)
        .toString()
        .split("\0");
      if (type === "Q") onStatement(first);
      if (type === "P") texts.set(first, second);
      if (type === "B") onStatement(texts.get(second) ?? "");
      buffer = buffer.subarray(end);
      if (end !== 8) typeBytes = 1;
    }
  };
}
