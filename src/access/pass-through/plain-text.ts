import { type GraphQLLeafType, isEnumType } from "graphql";

/**
 * Where a value ends that begins at `at` in the text of an answer; -1 where it is not just what may stand there, in the way in which
 * JSON.stringify would write it. Such a text needs no parsing to be passed on. The text has no backslash and no control character.
 */
export type PlainReader = (text: string, at: number) => number;

const NOT_PLAIN = -1;
const QUOTE = 0x22;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
/** Every number of so many digits is read as the same number by everybody. */
const MOST_DIGITS = 15;

export const readNothing: PlainReader = () => NOT_PLAIN;

const builtIn = new Map<string, PlainReader>([
  ["Int", readInteger],
  ["Float", readDecimal],
  ["String", readString],
  ["Boolean", readBoolean],
  ["ID", readString],
]);

export function readNullable(inner: PlainReader): PlainReader {
  return (text, at) => (text.startsWith("null", at) ? at + 4 : inner(text, at));
}

/** A scalar of somebody's own may be any JSON: that is left to a parser. */
export function readLeaf(type: GraphQLLeafType): PlainReader {
  if (!isEnumType(type)) return builtIn.get(type.name) ?? readNothing;
  return (text, at) => {
    const end = readString(text, at);
    return end >= 0 && type.getValue(text.slice(at + 1, end - 1)) !== undefined ? end : NOT_PLAIN;
  };
}

function readString(text: string, at: number): number {
  if (text.charCodeAt(at) !== QUOTE) return NOT_PLAIN;
  const end = text.indexOf('"', at + 1);
  return end < 0 ? NOT_PLAIN : end + 1;
}

export function readList(item: PlainReader): PlainReader {
  return (text, at) => {
    if (text[at] !== "[") return NOT_PLAIN;
    if (text[at + 1] === "]") return at + 2;
    for (let next = at; ; ) {
      next = item(text, next + 1);
      if (next < 0) return NOT_PLAIN;
      if (text[next] === "]") return next + 1;
      if (text[next] !== ",") return NOT_PLAIN;
    }
  };
}

/** Exactly these fields, in this order; there may be none, where all are skipped. */
export function readObject(fields: readonly { readonly key: string; readonly read: PlainReader }[]): PlainReader {
  if (fields.length === 0) return readLiteral("{}");
  const members = fields.map(({ key, read }, index) => ({ read, start: `${index === 0 ? "{" : ","}"${key}":` }));
  return (text, at) => {
    let next = at;
    for (const { start, read } of members) {
      if (!text.startsWith(start, next)) return NOT_PLAIN;
      next = read(text, next + start.length);
      if (next < 0) return NOT_PLAIN;
    }
    return text[next] === "}" ? next + 1 : NOT_PLAIN;
  };
}

export function readLiteral(literal: string): PlainReader {
  return (text, at) => (text.startsWith(literal, at) ? at + literal.length : NOT_PLAIN);
}

function endOfDigits(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) >= ZERO && text.charCodeAt(end) <= NINE) end++;
  return end;
}

function readInteger(text: string, at: number): number {
  const start = text.charCodeAt(at) === MINUS ? at + 1 : at;
  const end = endOfDigits(text, start);
  const digits = end - start;
  if (digits === 0 || digits > MOST_DIGITS) return NOT_PLAIN;
  return digits > 1 && text.charCodeAt(start) === ZERO ? NOT_PLAIN : end;
}

function readDecimal(text: string, at: number): number {
  const end = readInteger(text, at);
  if (end < 0 || text.charCodeAt(end) !== POINT) return end;
  const endOfFraction = endOfDigits(text, end + 1);
  return endOfFraction === end + 1 || endOfFraction - at > MOST_DIGITS ? NOT_PLAIN : endOfFraction;
}

function readBoolean(text: string, at: number): number {
  if (text.startsWith("true", at)) return at + 4;
  return text.startsWith("false", at) ? at + 5 : NOT_PLAIN;
}
