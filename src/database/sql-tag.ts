import type postgres from "postgres";

/** Writes a piece of a statement: Drizzle's `sql`, or a pool itself. A text that both need is written once, for either. */
export type SqlTag<Piece> = (text: TemplateStringsArray, ...values: (Piece | string | number | null)[]) => Piece;

/** A piece of a statement of the driver's, or a name in it. */
export type DriverPiece = postgres.Fragment | postgres.Helper<string>;
