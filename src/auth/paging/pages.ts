import { isId } from "../../core/ids.ts";
import { refuseProblems } from "../../core/input-problems.ts";
import { formatCursor, type PageOrder, parseCursor } from "./cursors.ts";

/** As asked for: the next `first` rows behind `after`, or from the start. */
export interface PageRequest {
  readonly first: number;
  readonly after: string | undefined;
}

/** How many rows, behind which key. */
export interface PageSpan {
  readonly first: number;
  readonly afterKey: string | undefined;
}

export interface Page<Item> {
  readonly edges: readonly { readonly cursor: string; readonly node: Item }[];
  readonly hasNextPage: boolean;
}

/** The most that a `first` accepts, where nothing else is said. */
export const MAXIMUM_FIRST = 100;

/** What is wrong with a page's size, if anything. */
export function firstProblem(first: number, most: number = MAXIMUM_FIRST): string | undefined {
  return first >= 1 && first <= most ? undefined : `Must be from 1 to ${most.toLocaleString("en")}.`;
}

/** Throws BAD_USER_INPUT. */
export function refuseFirst(first: number): void {
  refuseProblems({ first: firstProblem(first) });
}

export type ReadAfter =
  | { readonly afterKey: string | undefined; readonly problem?: never }
  | { readonly afterKey?: never; readonly problem: string };

/** The key in a cursor, which has to be one of this order. */
export function readAfter(after: string | undefined, order: PageOrder): ReadAfter {
  if (after === undefined) return { afterKey: undefined };
  const position = parseCursor(after);
  const isOurs = position?.order === order && (order === "email" || isIdAsStored(position.key));
  return isOurs ? { afterKey: position.key } : { problem: "Is not a cursor of this list in this order." };
}

/** As PostgreSQL spells ids. */
function isIdAsStored(key: string): boolean {
  return isId(key) && key === key.toLowerCase();
}

/** From one row more than was asked for, which tells whether there is a next page. */
export function toPage<Item>(items: readonly Item[], first: number, of: { order: PageOrder; keyOf(item: Item): string }): Page<Item> {
  const edges = items.slice(0, first).map((node) => ({ cursor: formatCursor({ order: of.order, key: of.keyOf(node) }), node }));
  return { edges, hasNextPage: items.length > first };
}
