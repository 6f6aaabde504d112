import { LostConnectionError } from "../lost-connection.ts";
import type { Connection } from "./connection.ts";

/** The connections of a pool: which of them may be used, and which are used by one alone. */
export interface PoolMembers {
  size(): number;
  add(connection: Connection): void;
  remove(connection: Connection): void;
  /** To one alone, until it is taken back. */
  lend(connection: Connection): Connection;
  takeBack(connection: Connection): void;
  isLent(connection: Connection): boolean;
  isUsable(connection: Connection): boolean;
  hasUsable(): boolean;
  hasBusy(): boolean;
  /** Of those that nobody has alone. */
  leastLoaded(): Connection | undefined;
  /** This one is of no more use, and what is true of it is true of those beside it. */
  retireAll(first: Connection): void;
  /** Those whose time has come. */
  retireOld(now: number): void;
  /** Refuses what was asked for before then, and ends what has been silent since. */
  expire(due: number): void;
  destroyAll(): void;
}

/** Not more often than a server can bear, however many statements say that their connections are of no use. */
const RETIRE_MILLISECONDS = 250;
/** A connection lives for half an hour to an hour, so that those of one start do not end together. */
const LIFE_MILLISECONDS = 1_800_000;

export function createPoolMembers(stopwatch: () => number): PoolMembers {
  const all = new Set<Connection>();
  const lent = new Set<Connection>();
  /** When each is to end. One that is not here is not handed out again. */
  const usable = new Map<Connection, number>();
  let retiredAt = Number.NEGATIVE_INFINITY;

  function endIfIdle(connection: Connection): void {
    if (connection.load() === 0 && !lent.has(connection)) connection.destroy(new LostConnectionError("CONNECTION_ENDED"));
  }

  function retireAll(first: Connection): void {
    usable.delete(first);
    const now = stopwatch();
    if (now - retiredAt < RETIRE_MILLISECONDS) return;
    retiredAt = now;
    usable.clear();
    for (const connection of [...all]) endIfIdle(connection);
  }

  return {
    retireAll,
    size: () => all.size,
    add(connection) {
      all.add(connection);
      usable.set(connection, connection.openedAt + LIFE_MILLISECONDS * (1 + Math.random()));
    },
    remove(connection) {
      for (const group of [all, lent, usable]) group.delete(connection);
    },
    lend(connection) {
      lent.add(connection);
      return connection;
    },
    takeBack: (connection) => void lent.delete(connection),
    isLent: (connection) => lent.has(connection),
    isUsable: (connection) => usable.has(connection),
    hasUsable: () => usable.size > 0,
    hasBusy: () => [...all].some((connection) => lent.has(connection) || connection.load() > 0),
    leastLoaded: () => findLeastLoaded(usable.keys(), lent),
    retireOld(now) {
      for (const [connection, endsAt] of [...usable]) {
        if (endsAt > now) continue;
        usable.delete(connection);
        endIfIdle(connection);
      }
    },
    expire(due) {
      for (const connection of [...all]) {
        // So may be what is idle beside it: none of them is handed to whoever hears now that it is.
        const isSilent = connection.isSilent(due);
        if (isSilent) retireAll(connection);
        const isLate = connection.expire(due);
        // Nobody goes on with a transaction that a statement is missing of.
        if (isSilent || (isLate && lent.has(connection))) connection.destroy(new LostConnectionError("STATEMENT_TIMEOUT"));
      }
    },
    destroyAll() {
      for (const connection of [...all]) connection.destroy(new LostConnectionError("CONNECTION_ENDED"));
    },
  };
}

function findLeastLoaded(usable: Iterable<Connection>, lent: ReadonlySet<Connection>): Connection | undefined {
  let least: Connection | undefined;
  for (const connection of usable) {
    if (lent.has(connection)) continue;
    const load = connection.load();
    if (load === 0) return connection;
    if (least === undefined || load < least.load()) least = connection;
  }
  return least;
}
