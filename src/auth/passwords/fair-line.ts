/** Those who wait, served in turn: one of each address, then the next of each, however many any of them has sent. */
export interface FairLine<Address, Item> {
  readonly length: number;
  countOf(address: Address): number;
  /** At most so many are taken before what `address` would add now. */
  countBefore(address: Address): number;
  add(address: Address, item: Item): void;
  remove(address: Address, item: Item): void;
  take(): Item | undefined;
}

export function createFairLine<Address, Item>(): FairLine<Address, Item> {
  /** In the order of their turns: a Map keeps that of insertion. No address is without items. */
  const waiting = new Map<Address, Item[]>();
  let length = 0;

  function keep(address: Address, items: Item[]): void {
    if (items.length === 0) waiting.delete(address);
    else waiting.set(address, items);
  }

  return {
    get length() {
      return length;
    },
    countOf: (address) => waiting.get(address)?.length ?? 0,
    countBefore(address) {
      const rounds = (waiting.get(address)?.length ?? 0) + 1;
      let count = rounds - 1;
      for (const [other, items] of waiting) if (other !== address) count += Math.min(items.length, rounds);
      return count;
    },
    add(address, item) {
      keep(address, [...(waiting.get(address) ?? []), item]);
      length += 1;
    },
    remove(address, item) {
      const items = waiting.get(address) ?? [];
      const others = items.filter((other) => other !== item);
      length -= items.length - others.length;
      keep(address, others);
    },
    take() {
      const [turn] = waiting;
      if (turn === undefined) return undefined;
      const [address, [item, ...later]] = turn;
      waiting.delete(address);
      keep(address, later);
      length -= 1;
      return item;
    },
  };
}
