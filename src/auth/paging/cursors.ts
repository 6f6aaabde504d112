/** What a list is ordered by; a cursor of one order says nothing in another. */
export type PageOrder = "audit" | "user" | "email";

export interface Position {
  readonly order: PageOrder;
  /** The key of the row behind which the next page begins: unique, so that rows come and go without moving it. */
  readonly key: string;
}

const orders: readonly PageOrder[] = ["audit", "user", "email"];

/** Opaque to clients, who are to hand it back as it is. */
export function formatCursor({ order, key }: Position): string {
  return Buffer.from(`${order}:${key}`).toString("base64url");
}

/** Undefined for whatever `formatCursor` did not make. */
export function parseCursor(cursor: string): Position | undefined {
  const text = Buffer.from(cursor, "base64url").toString();
  const colon = text.indexOf(":");
  const order = orders.find((each) => each === text.slice(0, colon));
  if (order === undefined || text.includes("\0")) return undefined;
  const position = { order, key: text.slice(colon + 1) };
  // Decoding is lenient, about alphabet, padding and UTF-8; what is not spelt as we spell it is not ours.
  return formatCursor(position) === cursor ? position : undefined;
}
