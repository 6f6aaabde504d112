import type { RateLimit } from "./rate-limits.ts";
import { slotOf, windowMilliseconds } from "./slots.ts";

/** The calls of one key within its window. */
export interface Tally {
  readonly total: number;
}

export interface Refused {
  readonly freeAt: number;
  readonly isFirst: boolean;
}

/** The tallies of at most so many keys. */
export interface Tallies {
  /** Without what has left the window. Undefined where nobody has called. */
  find(key: string, limit: RateLimit, now: number): Tally | undefined;
  /** Counts a call; answers its slot. */
  add(key: string, limit: RateLimit, now: number): number;
  remove(key: string, slot: number): void;
  forget(key: string): void;
  /** To be called for a tally that is exhausted. */
  refuse(tally: Tally, limit: RateLimit, now: number): Refused;
  readonly size: number;
}

/**
 * When full, keys whose calls have all left their window go first, then those of callers who are not limited, the longest unused before the
 * others. In linked lists: a `Map` is in order, too, but takes the longer to find its first entry the more have been deleted before it.
 */
export function createTallies(maximumKeys: number): Tallies {
  const byKey = new Map<string, Node>();
  // Both in the order of use: for windows of one length that is the order in which they end.
  const open = createNode("");
  const exhausted = createNode("");

  function drop(node: Node): void {
    unlink(node);
    byKey.delete(node.key);
  }

  /** Two of each at a time: more than one call adds, and no call pays for all. */
  function makeRoom(now: number): void {
    for (const list of [open, open, exhausted, exhausted]) {
      const { next } = list;
      if (next !== list && next.endsAt <= now) drop(next);
    }
    if (byKey.size >= maximumKeys) drop(open.next === open ? exhausted.next : open.next);
  }

  function create(key: string, now: number): Node {
    makeRoom(now);
    const node = createNode(key);
    byKey.set(key, node);
    return node;
  }

  return {
    find(key, limit, now) {
      const node = byKey.get(key);
      if (node !== undefined) leaveWindow(node, now - windowMilliseconds(limit));
      return node;
    },
    add(key, limit, now) {
      const node = byKey.get(key) ?? create(key, now);
      const slot = count(node, slotOf(now, limit));
      node.endsAt = Math.max(node.endsAt, slot + windowMilliseconds(limit));
      moveTo(node.total < limit.max ? open : exhausted, node);
      return slot;
    },
    remove(key, slot) {
      const node = byKey.get(key);
      const index = node?.slots.indexOf(slot) ?? -1;
      if (node === undefined || index < 0) return;
      node.total -= 1;
      node.calls[index] = (node.calls[index] ?? 1) - 1;
      if (node.calls[index] === 0) dropSlots(node, index, 1);
      moveTo(open, node);
    },
    forget(key) {
      drop(byKey.get(key) ?? createNode(key));
    },
    refuse(node: Node, limit, now) {
      const isFirst = node.toldUntil <= now;
      if (isFirst) node.toldUntil = now + windowMilliseconds(limit);
      node.endsAt = Math.max(node.endsAt, node.toldUntil);
      return { freeAt: freeAt(node, limit), isFirst };
    },
    get size() {
      return byKey.size;
    },
  };
}

interface Node extends Tally {
  readonly key: string;
  /** Ascending, as instants. */
  readonly slots: number[];
  /** In each of them. */
  readonly calls: number[];
  total: number;
  /** Until when a refusal has been told. */
  toldUntil: number;
  /** When nothing of it is of use any more. */
  endsAt: number;
  previous: Node;
  next: Node;
}

/** Its own neighbour on both sides; so it can be the head of a list, too, after which comes the longest unused. */
function createNode(key: string): Node {
  const node = { key, slots: [], calls: [], total: 0, toldUntil: 0, endsAt: 0 } as Partial<Node> as Node;
  node.previous = node;
  node.next = node;
  return node;
}

function leaveWindow(node: Node, before: number): void {
  let left = 0;
  for (let slot = node.slots[0]; slot !== undefined && slot <= before; slot = node.slots[left]) {
    node.total -= node.calls[left] ?? 0;
    left += 1;
  }
  if (left > 0) dropSlots(node, 0, left);
}

function dropSlots({ slots, calls }: Node, from: number, count: number): void {
  slots.splice(from, count);
  calls.splice(from, count);
}

/** A clock that has gone back counts for the newest slot: never too early. */
function count(node: Node, wanted: number): number {
  const last = node.slots.length - 1;
  const newest = node.slots[last];
  node.total += 1;
  if (newest !== undefined && newest >= wanted) {
    node.calls[last] = (node.calls[last] ?? 0) + 1;
    return newest;
  }
  node.slots.push(wanted);
  node.calls.push(1);
  return wanted;
}

/** When enough of the oldest calls have left the window for one more. */
function freeAt({ slots, calls, total }: Node, limit: RateLimit): number {
  let left = total;
  for (const [index, slot] of slots.entries()) {
    left -= calls[index] ?? 0;
    if (left < limit.max) return slot + windowMilliseconds(limit);
  }
  return 0;
}

function moveTo(list: Node, node: Node): void {
  unlink(node);
  node.previous = list.previous;
  node.next = list;
  list.previous.next = node;
  list.previous = node;
}

function unlink(node: Node): void {
  node.previous.next = node.next;
  node.next.previous = node.previous;
}
