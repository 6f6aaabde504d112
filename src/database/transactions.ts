import { setTimeout as sleep } from "node:timers/promises";
import type { Sql } from "postgres";
import { createSlots, LostConnectionError, type OpenConnection } from "./transaction-slots.ts";

export interface Transactions {
  /** One transaction on a connection that nobody else uses meanwhile. */
  begin<Result>(work: (connection: Sql) => Promise<Result>): Promise<Result>;
  /** Waits for transactions under way, for at most five seconds; begins none. */
  close(): Promise<void>;
}

const PATIENCE_MILLISECONDS = 5000;

/**
 * Transactions on connections of their own. The driver (postgres.js 3.4.9) goes on writing to a connection that is lost within one:
 * that write meets no socket and ends the process, and what waits for its answer waits for ever (porsager/postgres issues 1154
 * and 1208). Here nothing is sent once a loss was heard of, nothing waits any longer, and a client that lost a connection is not
 * used again.
 */
export function createTransactions(open: OpenConnection, size: number): Transactions {
  const slots = createSlots(open, size);
  const underWay = new Set<Promise<unknown>>();

  async function run<Result>(work: (connection: Sql) => Promise<Result>): Promise<Result> {
    const slot = await slots.acquire();
    const lossesBefore = slot.losses;
    const isWhole = () => slot.losses === lossesBefore;
    const connection = guard(slot.client, isWhole);
    const lost = new Promise<never>((_resolve, reject) => {
      slot.onLost = () => reject(new LostConnectionError("CONNECTION_CLOSED"));
    });
    try {
      const result = await Promise.race([perform(connection, work), lost]);
      slots.hand(slot);
      return result;
    } catch (error) {
      // What PostgreSQL says last, before it closes the connection, arrives before that is heard of.
      const isClean = isWhole() && (await Promise.race([rollBack(connection), lost.catch(() => false)]));
      if (isClean && isWhole()) slots.hand(slot);
      else slots.replace(slot);
      throw error;
    }
  }

  return {
    begin(work) {
      const running = run(work);
      const settled: Promise<unknown> = running.then(nothing, nothing).finally(() => underWay.delete(settled));
      underWay.add(settled);
      return running;
    },
    async close() {
      slots.refuse();
      await Promise.race([Promise.all(underWay), sleep(PATIENCE_MILLISECONDS, undefined, { ref: false })]);
      await slots.end();
    },
  };
}

const nothing = () => undefined;

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
    if (!isWhole()) throw new LostConnectionError("CONNECTION_CLOSED");
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
