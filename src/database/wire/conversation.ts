/** What has been said to a server, as far as it decides what the server may say next. */
export interface Conversation {
  /** Whole messages. */
  said(bytes: Buffer): void;
  /** Whether a message of this kind may come now, which then has come. */
  hear(letter: number): boolean;
  /** The same, and nothing has come. */
  mayHear(letter: number): boolean;
}

/** What is to be answered yet. */
const PARSE = 1;
const BIND = 2;
const DESCRIBE = 3;
const DESCRIBE_ROWS = 4;
const EXECUTE = 5;
/** With a number of rows, after which it stops. */
const EXECUTE_SOME = 6;
const CLOSE = 7;
const SYNC = 8;
/** A simple statement: at first, and among its rows. */
const QUERY = 9;
const QUERY_ROWS = 10;
/** Several of them in one message; and after one of them is complete. */
const QUERIES = 11;
const QUERIES_ROWS = 12;
const QUERIES_ANSWERED = 13;

/** The message has come, and what it answers is still not answered; it is; or it becomes something else. */
const STAY = 0;
const DONE = -1;

/** What each message of a server does to what is to be answered next. A message that is not here may not come then. */
const answers: Readonly<Record<string, ReadonlyMap<number, number>>> = {
  1: new Map([[PARSE, DONE]]),
  2: new Map([[BIND, DONE]]),
  3: new Map([[CLOSE, DONE]]),
  t: new Map([[DESCRIBE, DESCRIBE_ROWS]]),
  T: new Map([
    [DESCRIBE_ROWS, DONE],
    [QUERY, QUERY_ROWS],
    [QUERIES, QUERIES_ROWS],
    [QUERIES_ANSWERED, QUERIES_ROWS],
  ]),
  n: new Map([[DESCRIBE_ROWS, DONE]]),
  D: new Map([
    [EXECUTE, STAY],
    [EXECUTE_SOME, STAY],
    [QUERY_ROWS, STAY],
    [QUERIES_ROWS, STAY],
  ]),
  C: completes(),
  I: completes(),
  s: new Map([[EXECUTE_SOME, DONE]]),
  Z: new Map([
    [SYNC, DONE],
    [QUERIES_ANSWERED, DONE],
  ]),
};

function completes(): ReadonlyMap<number, number> {
  return new Map([
    [EXECUTE, DONE],
    [EXECUTE_SOME, DONE],
    [QUERY, SYNC],
    [QUERY_ROWS, SYNC],
    [QUERIES, QUERIES_ANSWERED],
    [QUERIES_ROWS, QUERIES_ANSWERED],
    [QUERIES_ANSWERED, STAY],
  ]);
}

const effects = Array.from({ length: 256 }, (_none, letter) => answers[String.fromCharCode(letter)]);
const PARSED = 0x31;
const ERROR = 0x45;
const NOTIFICATION = 0x41;
const NOTICE = 0x4e;
const PARAMETER = 0x53;

export function createConversation(): Conversation {
  const waiting: number[] = [];
  let next = 0;
  /** A server that has said an error hears nothing until a sync. */
  let isDeaf = false;

  function ask(what: number): void {
    if (what === SYNC) isDeaf = false;
    if (!isDeaf) waiting.push(what);
  }

  function done(): void {
    next += 1;
    if (next < waiting.length) return;
    waiting.length = 0;
    next = 0;
  }

  /** Of the messages up to the next sync none is answered. */
  function hearError(): boolean {
    const first = waiting[next];
    if (first === undefined) return false;
    if (first >= QUERY) waiting[next] = SYNC;
    else while (next < waiting.length && waiting[next] !== SYNC) next += 1;
    if (next < waiting.length) return true;
    isDeaf = true;
    waiting.length = 0;
    next = 0;
    return true;
  }

  function mayHear(letter: number): boolean {
    const first = waiting[next];
    if (letter === NOTIFICATION || letter === NOTICE || letter === PARAMETER) return true;
    // A pooler that prepares a statement once more may say so.
    return first !== undefined && (letter === ERROR || letter === PARSED || effects[letter]?.has(first) === true);
  }

  return {
    mayHear,
    said(bytes) {
      for (let at = 0; at + 5 <= bytes.length; at += 1 + bytes.readUInt32BE(at + 1)) {
        const asked = askedBy(bytes, at);
        if (asked !== undefined) ask(asked);
      }
    },
    hear(letter) {
      if (letter === ERROR) return hearError();
      const first = waiting[next];
      const effect = first === undefined ? undefined : effects[letter]?.get(first);
      if (effect === undefined) return mayHear(letter);
      if (effect === DONE) done();
      else if (effect !== STAY) waiting[next] = effect;
      return true;
    },
  };
}

/** Undefined: a message that nothing answers. */
function askedBy(bytes: Buffer, at: number): number | undefined {
  switch (bytes[at]) {
    case 0x50:
      return PARSE;
    case 0x42:
      return BIND;
    case 0x44:
      return bytes[at + 5] === 0x53 ? DESCRIBE : DESCRIBE_ROWS;
    case 0x45:
      return bytes.readUInt32BE(at + 1 + bytes.readUInt32BE(at + 1) - 4) === 0 ? EXECUTE : EXECUTE_SOME;
    case 0x43:
      return CLOSE;
    case 0x53:
      return SYNC;
    case 0x51:
      return bytes.subarray(at, at + 1 + bytes.readUInt32BE(at + 1)).includes(0x3b) ? QUERIES : QUERY;
    default:
      return undefined;
  }
}
