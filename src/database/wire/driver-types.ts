/** Object identifiers of PostgreSQL's own types, which never change. */
const BYTEA = 17;
const BOOLEANS = 1000;
const arrayTypes = {
  int2: 1005,
  int4: 1007,
  int8: 1016,
  text: 1009,
  varchar: 1015,
  uuid: 2951,
  xid8: 271,
};

/**
 * How values are written and read where the driver would have to ask the database (arrays), and where what it does depends on a
 * setting of the database (`bytea_output`).
 */
export const driverTypes = {
  bytea: { to: BYTEA, from: [BYTEA], serialize: writeBytes, parse: readBytes },
  booleans: { to: BOOLEANS, from: [BOOLEANS], serialize: writeArray, parse: (text: string) => readArray(text).map(isTrue) },
  integers: {
    to: arrayTypes.int4,
    from: [arrayTypes.int2, arrayTypes.int4],
    serialize: writeArray,
    parse: (text: string) => readArray(text).map((item) => (item === null ? null : Number(item))),
  },
  texts: {
    to: arrayTypes.text,
    from: [arrayTypes.text, arrayTypes.varchar, arrayTypes.uuid, arrayTypes.int8, arrayTypes.xid8],
    serialize: writeArray,
    parse: readArray,
  },
};

const isTrue = (item: string | null) => (item === null ? null : item === "t");

/** Text is what has been written before: the driver builds a statement that it repeats of that. */
function writeBytes(value: unknown): string {
  return typeof value === "string" ? value : `\\x${Buffer.from(value as Uint8Array).toString("hex")}`;
}

/** Both ways in which PostgreSQL writes bytes: `\xff`, and `\377` between characters that stand for themselves. */
function readBytes(text: string): Buffer {
  if (text.startsWith("\\x")) return Buffer.from(text.slice(2), "hex");
  const plain = text.replace(/\\(\\|[0-7]{3})/g, (_all, code: string) =>
    code === "\\" ? code : String.fromCharCode(Number.parseInt(code, 8)),
  );
  return Buffer.from(plain, "latin1");
}

/** Text is taken as written: Drizzle's array columns write themselves. */
function writeArray(value: unknown): string {
  return Array.isArray(value) ? `{${value.map(writeItem).join(",")}}` : String(value);
}

function writeItem(item: unknown): string {
  if (item === null || item === undefined) return "NULL";
  if (Array.isArray(item)) return writeArray(item);
  const text = item instanceof Uint8Array ? writeBytes(item) : item instanceof Date ? item.toISOString() : String(item);
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** Empty, or with something that does not stand for itself. */
const NEEDS_READING = /^\{\}$|["\\]|NULL/;

/** One dimension: `{a,"b c",NULL,"with \" and \\"}`. */
function readArray(text: string): (string | null)[] {
  if (!NEEDS_READING.test(text)) return text.slice(1, -1).split(",");
  const items: (string | null)[] = [];
  for (const [, quoted, plain = ""] of text.slice(1, -1).matchAll(/(?:"((?:[^"\\]|\\.)*)"|([^,"]+))(?:,|$)/gs)) {
    if (quoted !== undefined) items.push(quoted.replace(/\\(.)/gs, "$1"));
    else items.push(plain === "NULL" ? null : plain.replace(/\\(.)/gs, "$1"));
  }
  return items;
}
