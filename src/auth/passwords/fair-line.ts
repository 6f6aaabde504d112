/** Those who wait, served in turn: one of each caller, then the next of each, however many any of them has sent. */
export interface FairLine<Caller, Item> {
  readonly length: number;
  countOf(caller: Caller): number;
  /** At most so many are taken before what `caller` would add now. */
  countBefore(caller: Caller): number;
  add(caller: Caller, item: Item): void;
  remove(caller: Caller, item: Item): void;
  take(): Item | undefined;
}

export function createFairLine<Caller, Item>(): FairLine<Caller, Item> {
  /** In the order of their turns: a Map keeps that of insertion. No caller is without items. */
  const waiting = new Map<Caller, Item[]>();
  let length = 0;

  function keep(caller: Caller, items: Item[]): void {
    if (items.length === 0) waiting.delete(caller);
    else waiting.set(caller, items);
  }

  return {
    get length() {
      return length;
    },
    countOf: (caller) => waiting.get(caller)?.length ?? 0,
    countBefore(caller) {
      const rounds = (waiting.get(caller)?.length ?? 0) + 1;
      let count = rounds - 1;
      for (const [other, items] of waiting) if (other !== caller) count += Math.min(items.length, rounds);
      return count;
    },
    add(caller, item) {
      keep(caller, [...(waiting.get(caller) ?? []), item]);
      length += 1;
    },
    remove(caller, item) {
      const items = waiting.get(caller) ?? [];
      const others = items.filter((other) => other !== item);
      length -= items.length - others.length;
      keep(caller, others);
    },
    take() {
      const [turn] = waiting;
      if (turn === undefined) return undefined;
      const [caller, [item, ...later]] = turn;
      waiting.delete(caller);
      keep(caller, later);
      length -= 1;
      return item;
    },
  };
}
