/** Of a message that says what has nothing to do with rows: longer than any that PostgreSQL writes. */
const MAXIMUM_BYTES = 1_000_000;
/** PostgreSQL writes no longer message. */
const MAXIMUM_ROW_BYTES = 0x3fff_ffff;

/** Whether what stands between two places of these bytes is what a message of that kind holds. */
type Shape = (bytes: Buffer, start: number, end: number) => boolean;

/** No transaction, one, and one that has failed: I, T, E. */
const STANDS: ReadonlySet<number | undefined> = new Set([0x49, 0x54, 0x45]);

const isEmpty: Shape = (_bytes, start, end) => start === end;

/**
 * Every kind of message that an answer to a statement is made of, and those that a server may say at any time (A, N, S). Whatever else
 * PostgreSQL knows, copying above all, nobody asks for here.
 */
const known = new Map<number, Shape>([
  [0x31, isEmpty],
  [0x32, isEmpty],
  [0x33, isEmpty],
  [0x41, isNotification],
  [0x43, (bytes, start, end) => isTexts(bytes, { start, end, count: 1 })],
  [0x44, isRow],
  [0x45, isError],
  [0x49, isEmpty],
  [0x4e, (bytes, start, end) => fieldsOf(bytes, start, end) !== undefined],
  [0x53, (bytes, start, end) => isTexts(bytes, { start, end, count: 2 })],
  [0x54, isColumns],
  [0x5a, (bytes, start, end) => end - start === 1 && STANDS.has(bytes[start])],
  [0x6e, isEmpty],
  [0x73, isEmpty],
  [0x74, (bytes, start, end) => end - start >= 2 && end - start === 2 + 4 * bytes.readUInt16BE(start)],
]);

const shapes = Array.from({ length: 256 }, (_none, letter) => known.get(letter));

/** The length counts itself. */
export function isPossibleHeader(letter: number, length: number): boolean {
  return length >= 4 && length <= (letter === 0x44 || letter === 0x54 ? MAXIMUM_ROW_BYTES : MAXIMUM_BYTES) && shapes[letter] !== undefined;
}

export function isWellFormed(letter: number, bytes: Buffer, start: number, end: number): boolean {
  return shapes[letter]?.(bytes, start, end) === true;
}

/** So many texts, each ended by a zero, and nothing else. */
function isTexts(bytes: Buffer, { start, end, count }: { start: number; end: number; count: number }): boolean {
  let at = start;
  for (let left = count; left > 0; left -= 1) {
    at = bytes.indexOf(0, at) + 1;
    if (at === 0 || at > end) return false;
  }
  return at === end;
}

function isNotification(bytes: Buffer, start: number, end: number): boolean {
  return end - start > 4 && isTexts(bytes, { start: start + 4, end, count: 2 });
}

/** A number of columns, and each with its length, which is -1 for null. */
function isRow(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2) return false;
  let at = start + 2;
  for (let left = bytes.readUInt16BE(start); left > 0; left -= 1) {
    if (at + 4 > end) return false;
    const length = bytes.readInt32BE(at);
    if (length < -1) return false;
    at += length === -1 ? 4 : 4 + length;
  }
  return at === end;
}

/** A number of columns, and each with its name and 18 bytes of what it is. */
function isColumns(bytes: Buffer, start: number, end: number): boolean {
  if (end - start < 2) return false;
  let at = start + 2;
  for (let left = bytes.readUInt16BE(start); left > 0; left -= 1) {
    const nameEnd = bytes.indexOf(0, at);
    at = nameEnd + 19;
    if (nameEnd < 0 || at > end) return false;
  }
  return at === end;
}

/** Letters, each with a text that a zero ends, and a zero after the last one. */
function fieldsOf(bytes: Buffer, start: number, end: number): Map<string, string> | undefined {
  const fields = new Map<string, string>();
  let at = start;
  while (at < end && bytes[at] !== 0) {
    const textEnd = bytes.indexOf(0, at + 1);
    if (textEnd < 0 || textEnd >= end) return undefined;
    fields.set(bytes.toString("latin1", at, at + 1), bytes.toString("latin1", at + 1, textEnd));
    at = textEnd + 1;
  }
  return at === end - 1 ? fields : undefined;
}

/** Without a code nobody could tell what it means. */
function isError(bytes: Buffer, start: number, end: number): boolean {
  const fields = fieldsOf(bytes, start, end);
  return fields !== undefined && /^[0-9A-Z]{5}$/.test(fields.get("C") ?? "") && fields.has("M");
}
