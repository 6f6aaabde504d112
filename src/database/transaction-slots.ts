import type { Sql } from "postgres";

/** Opens a client of one connection; told whenever that connection is lost. */
export type OpenConnection = (onLost: () => void) => Sql;

/** One client of one connection. */
export interface Slot {
  readonly client: Sql;
  /** How often its connection was lost. */
  losses: number;
  /** For whom that matters now. */
  onLost: () => void;
}

/** So many connections, one user each at a time. */
export interface Slots {
  /** Throws once they are closed, also those who wait. */
  acquire(): Promise<Slot>;
  hand(slot: Slot): void;
  /** Gives another one in its place. */
  replace(slot: Slot): void;
  /** To those who wait, at once; the connections are for `end`. */
  refuse(): void;
  end(): Promise<void>;
}

export function createSlots(open: OpenConnection, size: number): Slots {
  const free: Slot[] = [];
  const waiting: { resolve(slot: Slot): void; reject(error: Error): void }[] = [];
  const all = new Set<Slot>();
  let isClosed = false;

  function openSlot(): Slot {
    const client = open(() => {
      slot.losses += 1;
      slot.onLost();
    });
    const slot: Slot = { client, losses: 0, onLost: () => undefined };
    all.add(slot);
    return slot;
  }

  function hand(slot: Slot): void {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next.resolve(slot);
  }

  return {
    hand,
    async acquire() {
      if (isClosed) throw new LostConnectionError("CONNECTION_ENDED");
      const slot = free.pop();
      if (slot !== undefined) return slot;
      return all.size < size ? openSlot() : new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    },
    replace(slot) {
      all.delete(slot);
      void slot.client.end({ timeout: 0 }).catch(() => undefined);
      if (!isClosed) hand(openSlot());
    },
    refuse() {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(new LostConnectionError("CONNECTION_ENDED"));
    },
    async end() {
      await Promise.all([...all].map(({ client }) => client.end({ timeout: 0 })));
    },
  };
}

export class LostConnectionError extends Error {
  override readonly name = "LostConnectionError";
  readonly code: "CONNECTION_CLOSED" | "CONNECTION_ENDED";

  constructor(code: LostConnectionError["code"]) {
    super("The connection of the transaction was lost or closed.");
    this.code = code;
  }
}
