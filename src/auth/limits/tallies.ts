import type { RateLimit } from "./rate-limits.ts";

/** The calls of one key in its window. */
export interface Tally {
  readonly calls: number;
  /** In milliseconds since 1970. */
  readonly endsAt: number;
  /** Whether somebody was refused in it. */
  readonly isRefused: boolean;
}

/** The tallies of at most so many keys. */
export interface Tallies {
  /** Undefined where there is no window, or it has ended. */
  find(key: string, now: number): Tally | undefined;
  /** Begins a window with a first call. */
  begin(key: string, limit: RateLimit, now: number): Tally;
  increase(tally: Tally, max: number): void;
  decrease(tally: Tally): void;
  markRefused(tally: Tally): void;
  readonly size: number;
}

/**
 * When full, windows that have ended go first, then those of callers who are not limited, the oldest before the others. In linked lists: a
 * `Map` is in order, too, but takes the longer to find its first entry the more have been deleted before it.
 */
export function createTallies(maximumKeys: number): Tallies {
  const byKey = new Map<string, Node>();
  // Both in the order of entry: for windows of one length that is the order in which they end.
  const open = createList();
  const exhausted = createList();

  function drop(node: Node): void {
    unlink(node);
    byKey.delete(node.key);
  }

  /** Two of each at a time: more than one call adds, and no call pays for all. */
  function makeRoom(now: number): void {
    for (const { next } of [open, open, exhausted, exhausted]) {
      if (next.endsAt <= now) drop(next);
    }
    if (byKey.size >= maximumKeys) drop(open.next === open ? exhausted.next : open.next);
  }

  return {
    find(key, now) {
      const node = byKey.get(key);
      if (node === undefined || node.endsAt > now) return node;
      drop(node);
      return undefined;
    },
    begin(key, { max, windowSeconds }, now) {
      makeRoom(now);
      const node = createNode(key, now + windowSeconds * 1000);
      byKey.set(key, node);
      append(max > 1 ? open : exhausted, node);
      return node;
    },
    increase(node: Node, max) {
      node.calls += 1;
      if (node.calls < max) return;
      unlink(node);
      append(exhausted, node);
    },
    decrease(node: Node) {
      if (node.calls === 0) return;
      node.calls -= 1;
      unlink(node);
      append(open, node);
    },
    markRefused(node: Node) {
      node.isRefused = true;
    },
    get size() {
      return byKey.size;
    },
  };
}

interface Node extends Tally {
  readonly key: string;
  calls: number;
  isRefused: boolean;
  previous: Node;
  next: Node;
}

/** Its own neighbour on both sides. As the head of a list it never ends. */
function createNode(key: string, endsAt: number): Node {
  const node = { key, endsAt, calls: 1, isRefused: false } as Node;
  node.previous = node;
  node.next = node;
  return node;
}

/** A ring: after the head comes the oldest, before it the newest. */
function createList(): Node {
  return createNode("", Number.POSITIVE_INFINITY);
}

function append(list: Node, node: Node): void {
  node.previous = list.previous;
  node.next = list;
  list.previous.next = node;
  list.previous = node;
}

function unlink(node: Node): void {
  node.previous.next = node.next;
  node.next.previous = node.previous;
}
