import { LostConnectionError } from "../lost-connection.ts";
import type { Connection } from "./connection.ts";

/** Somebody who waits for a connection. */
export interface Waiting {
  /** Wants it for itself. */
  readonly isAlone: boolean;
  readonly askedAt: number;
  serve(connection: Connection): void;
  refuse(error: unknown): void;
}

/** Those who wait, in the order in which they came. */
export interface PoolQueue {
  length(): number;
  push(entry: Waiting): void;
  shift(): Waiting | undefined;
  /** All whom the connection that `choose` has for them can serve beside others. */
  share(choose: () => Connection | undefined): void;
  refuseAll(error: unknown): void;
  /** Those who have waited since then. */
  expire(due: number): void;
}

export function createPoolQueue(): PoolQueue {
  const waiting: Waiting[] = [];
  return {
    length: () => waiting.length,
    push: (entry) => void waiting.push(entry),
    shift: () => waiting.shift(),
    share(choose) {
      for (const each of waiting.splice(0)) {
        const connection = each.isAlone ? undefined : choose();
        if (connection === undefined) waiting.push(each);
        else each.serve(connection);
      }
    },
    refuseAll(error) {
      for (const entry of waiting.splice(0)) entry.refuse(error);
    },
    expire(due) {
      while (waiting[0] !== undefined && waiting[0].askedAt < due) waiting.shift()?.refuse(new LostConnectionError("STATEMENT_TIMEOUT"));
    },
  };
}
