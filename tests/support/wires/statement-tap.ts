import { connect, createServer, type Socket } from "node:net";
import { listenAsRelay } from "./relay-server.ts";

/** A wire to PostgreSQL on which every statement is seen that is executed. */
export interface StatementTap {
  /** The given address, through the tap. */
  readonly url: string;
  /** The texts of the statements executed while the work lasted, in their order; tables and functions of the server without its schema. */
  during(work: () => Promise<unknown>): Promise<string[]>;
  /** Those with all that it takes to ask how they are planned: as they were sent, upkeep among them. */
  sentDuring(work: () => Promise<unknown>): Promise<SentStatement[]>;
  close(): Promise<void>;
}

export interface SentStatement {
  /** Tables with their schema. */
  readonly text: string;
  /** In their order, as text. */
  readonly parameters: readonly (string | null)[];
  /** The numbers of their types, 0 where the server is to find out. */
  readonly types: readonly number[];
}

export async function tapStatements(target: string): Promise<StatementTap> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  const executed: string[] = [];
  const sent: SentStatement[] = [];
  const server = createServer({ noDelay: true }, (near) => {
    const far = connect({ port: Number(address.port || 5432), host: address.hostname, noDelay: true });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    const note = leaveOutLooks((statement) => executed.push(statement));
    const read = createReader((statement) => {
      sent.push(statement);
      note(withoutSchema(statement.text));
    });
    near.on("data", (chunk: Buffer) => {
      read(chunk);
      far.write(chunk);
    });
    far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  // What is encrypted cannot be read; a Citus encrypts unless it is told not to.
  const readable = new URL(target);
  readable.searchParams.set("sslmode", "disable");
  const listening = await listenAsRelay(server, { target: readable.href, sockets });
  return {
    ...listening,
    async during(work) {
      const before = executed.length;
      await work();
      return executed.slice(before);
    },
    async sentDuring(work) {
      const before = sent.length;
      await work();
      return sent.slice(before);
    },
  };
}

/** `"auth"."users" as users` and `"auth"."users"` are both `users`. */
function withoutSchema(statement: string): string {
  return statement.replace(/"auth"\."(\w+)"(?: as \1\b)?/g, "$1");
}

/** Upkeep, delivery and new connections have statements of their own, at any moment. */
const ofUpkeep = [
  /pg_catalog|revocations|signing_keys|advisory|skip locked|(update|from) outbox|erasure_at (is not|<)/i,
  // What looks for sessions to mark as ended.
  /from session_ends order by|from session_ends_of_everybody where/i,
];

export const isOfACall = (statement: string) => !ofUpkeep.some((pattern) => pattern.test(statement));

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
function createReader(onStatement: (statement: SentStatement) => void): (chunk: Buffer) => void {
  const prepared = new Map<string, Omit<SentStatement, "parameters">>();
  let buffer = Buffer.alloc(0);
  // The messages of the start-up have no type: one of eight bytes asks for TLS, the other one says who is there.
  let typeBytes = 0;
  return (chunk) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (buffer.length >= typeBytes + 4) {
      const end = typeBytes + buffer.readUInt32BE(typeBytes);
      if (buffer.length < end) return;
      const type = typeBytes === 0 ? "" : String.fromCharCode(buffer[0] ?? 0);
      const body = buffer.subarray(typeBytes + 4, end);
      const [first = "", second = ""] = body.toString("latin1").split("\0");
      const rest = body.subarray(first.length + second.length + 2);
      const text = Buffer.from(second, "latin1").toString();
      if (type === "Q") onStatement({ text: Buffer.from(first, "latin1").toString(), parameters: [], types: [] });
      if (type === "P") prepared.set(first, { text, types: readTypes(rest) });
      if (type === "B") onStatement({ ...(prepared.get(second) ?? { text: "", types: [] }), parameters: readParameters(rest) });
      buffer = buffer.subarray(end);
      if (end !== 8) typeBytes = 1;
    }
  };
}

/** The end of Parse: how many types are given, and each. */
function readTypes(rest: Buffer): number[] {
  return Array.from({ length: rest.readUInt16BE(0) }, (_none, index) => rest.readUInt32BE(2 + index * 4));
}

/** The end of Bind: the formats, then each value with its length. */
function readParameters(rest: Buffer): (string | null)[] {
  let at = 2 + rest.readUInt16BE(0) * 2;
  const count = rest.readUInt16BE(at);
  at += 2;
  return Array.from({ length: count }, () => {
    const length = rest.readInt32BE(at);
    at += 4;
    if (length < 0) return null;
    at += length;
    return rest.subarray(at - length, at).toString();
  });
}
