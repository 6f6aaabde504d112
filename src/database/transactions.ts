import type { Sql } from "postgres";

/** Opens a client of one connection; told whenever that connection is lost. */
export type OpenConnection = (onLost: () => void) => Sql;

export interface Transactions {
  /** One transaction on a connection that nobody else uses meanwhile. */
  begin<Result>(work: (connection: Sql) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

interface Slot {
  readonly client: Sql;
  /** How often its connection was lost. */
  losses: number;
  /** For whom that matters now. */
  onLost: () => void;
}

/**
 * Transactions on connections of their own. The driver (postgres.js 3.4.9) goes on writing to a connection that is lost within one:
 * that write meets no socket and ends the process, and what waits for its answer waits for ever (porsager/postgres issues 1154
 * and 1208). Here nothing is sent once a loss was heard of, nothing waits any longer, and a client that lost a connection is not
 * used again.
 */
export function createTransactions(open: OpenConnection, size: number): Transactions {
  const free: Slot[] = [];
  const waiting: ((slot: Slot) => void)[] = [];
  const all = new Set<Slot>();

  function openSlot(): Slot {
    const slot: Slot = {
      client: open(() => {
        slot.losses += 1;
        slot.onLost();
      }),
      losses: 0,
      onLost: () => undefined,
    };
    all.add(slot);
    return slot;
  }

  function acquire(): Slot | Promise<Slot> {
    const slot = free.pop();
    if (slot !== undefined) return slot;
    return all.size < size ? openSlot() : new Promise((resolve) => waiting.push(resolve));
  }

  function hand(slot: Slot): void {
    const next = waiting.shift();
    if (next === undefined) free.push(slot);
    else next(slot);
  }

  function replace(slot: Slot): void {
    all.delete(slot);
    void slot.client.end({ timeout: 0 }).catch(() => undefined);
    hand(openSlot());
  }

  return {
    async begin(work) {
      const slot = await acquire();
      const lossesBefore = slot.losses;
      const isWhole = () => slot.losses === lossesBefore;
      const connection = guard(slot.client, isWhole);
      const lost = new Promise<never>((_resolve, reject) => {
        slot.onLost = () => reject(new LostConnectionError());
      });
      try {
        const result = await Promise.race([perform(connection, work), lost]);
        hand(slot);
        return result;
      } catch (error) {
        // What PostgreSQL says last, before it closes the connection, arrives before that is heard of.
        const isClean = isWhole() && (await Promise.race([rollBack(connection), lost.catch(() => false)]));
        if (isClean && isWhole()) hand(slot);
        else replace(slot);
        throw error;
      }
    },
    async close() {
      await Promise.all([...all].map(({ client }) => client.end({ timeout: 5 })));
    },
  };
}

async function perform<Result>(connection: Sql, work: (connection: Sql) => Promise<Result>): Promise<Result> {
  await connection`begin`;
  const result = await work(connection);
  const { command } = await connection`commit`;
  if (command !== "COMMIT") throw new Error("A statement of the transaction had failed, so that it was rolled back.");
  return result;
}

/** False where nothing came of it: with its connection, the server ends the transaction. */
async function rollBack(connection: Sql): Promise<boolean> {
  try {
    await connection`rollback`;
    return true;
  } catch {
    return false;
  }
}

/** The client for as long as its connection is the one that the transaction began on; the driver would take the next one without a word. */
function guard(client: Sql, isWhole: () => boolean): Sql {
  function check(): void {
    if (!isWhole()) throw new LostConnectionError();
  }
  return new Proxy(client, {
    apply(target, self, args) {
      check();
      return Reflect.apply(target, self, args);
    },
    get(target, property, receiver) {
      if (property === "unsafe") check();
      return Reflect.get(target, property, receiver);
    },
  });
}

class LostConnectionError extends Error {
  override readonly name = "LostConnectionError";
  readonly code = "CONNECTION_CLOSED";

  constructor() {
    super("The connection was lost within the transaction.");
  }
}
