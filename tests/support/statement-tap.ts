import { connect, createServer, type Socket } from "node:net";

/** A wire to PostgreSQL on which every statement is seen that is executed. */
export interface StatementTap {
  /** The given address, through the tap. */
  readonly url: string;
  /** The texts of the statements executed while the work lasted, in their order. */
  during(work: () => Promise<unknown>): Promise<string[]>;
  close(): Promise<void>;
}

export async function tapStatements(target: string): Promise<StatementTap> {
  const address = new URL(target);
  const sockets = new Set<Socket>();
  const executed: Executed[] = [];
  const server = createServer((near) => {
    const far = connect(Number(address.port || 5432), address.hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => undefined);
    }
    const read = createReader((text) => executed.push({ connection: near, text }));
    near.on("data", (chunk: Buffer) => {
      read(chunk);
      far.write(chunk);
    });
    far.pipe(near);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const url = new URL(target);
  url.host = `127.0.0.1:${typeof bound === "object" ? bound?.port : ""}`;
  return {
    url: url.href,
    async during(work) {
      const before = executed.length;
      await work();
      const passedOver = looksAtOutbox(executed);
      const seen = executed.slice(before).filter((statement) => !passedOver.has(statement));
      return seen.map(({ text }) => text).filter((text) => !isFirstOfConnection(text));
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Executed {
  readonly connection: Socket;
  readonly text: string;
}

/**
 * Couriers' transactions with all that is in them, and one that has only begun: what a call does is over by the time that it is answered.
 * Every process looks every second, and notes what became of a message whenever that is.
 */
function looksAtOutbox(executed: readonly Executed[]): ReadonlySet<Executed> {
  const looks = new Set(executed.filter(({ text }) => isLookAtOutbox(text)));
  for (const transaction of transactionsIn(executed)) {
    const [, ...rest] = transaction;
    const work = rest.filter(({ text }) => !isEnd(text));
    if (work.every((statement) => looks.has(statement))) for (const statement of transaction) looks.add(statement);
  }
  return looks;
}

/** Those that one connection executes from `begin` on. */
function transactionsIn(executed: readonly Executed[]): Executed[][] {
  const open = new Map<Socket, Executed[]>();
  const transactions: Executed[][] = [];
  for (const statement of executed) {
    const { connection, text } = statement;
    if (/^begin\b/i.test(text)) {
      const begun = [statement];
      open.set(connection, begun);
      transactions.push(begun);
    } else open.get(connection)?.push(statement);
    if (isEnd(text)) open.delete(connection);
  }
  return transactions;
}

/** The driver asks for the types of arrays whenever it opens a connection, which is when it needs one more. */
const isFirstOfConnection = (text: string) => text.includes("from pg_catalog.pg_type");

const isEnd = (text: string) => /^(commit|rollback)\b/i.test(text);

function isLookAtOutbox(statement: string): boolean {
  return statement.includes("from outbox where state = 'PENDING'") || /^\s*(with due as \(\s*select id from|update) outbox/.test(statement);
}

/** Frontend messages (PostgreSQL's documentation, "Message Formats"): Query, Parse, which gives a statement a name, and Bind, which uses it. */
function createReader(onStatement: (text: string) => void): (chunk: Buffer) => void {
  const texts = new Map<string, string>();
  let buffer = Buffer.alloc(0);
  // The first message, of the start-up, has no type.
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
      typeBytes = 1;
    }
  };
}
