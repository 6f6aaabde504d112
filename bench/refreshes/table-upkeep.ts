import { setTimeout as sleep } from "node:timers/promises";
import { openRawClient } from "../../tests/support/raw-client.ts";

const PATIENCE_MILLISECONDS = 15_000;

/** What rotations have done to the table `sessions`, by PostgreSQL's own count. */
export interface TableState {
  readonly updates: number;
  /** Updates that touched no index. */
  readonly hotUpdates: number;
  /** Bytes of the table, and of its indexes. */
  readonly table: number;
  readonly indexes: number;
}

/** Backends report what they have done a little later; waits until `updates` of them show. */
export async function readTableState(databaseUrl: string, updates = 0): Promise<TableState> {
  const sql = openRawClient(databaseUrl);
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  try {
    for (;;) {
      const [state] = await sql<TableState[]>`
        select n_tup_upd::float8 as updates, n_tup_hot_upd::float8 as "hotUpdates",
          pg_table_size('sessions')::float8 as table, pg_indexes_size('sessions')::float8 as indexes
        from pg_stat_user_tables where relname = 'sessions'`;
      if (state === undefined) throw new Error("There is no table of sessions.");
      if (state.updates >= updates) return state;
      if (performance.now() > deadline) throw new Error(`PostgreSQL counts ${state.updates} updates where there were ${updates}.`);
      await sleep(200);
    }
  } finally {
    await sql.end();
  }
}
