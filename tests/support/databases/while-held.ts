import type postgres from "postgres";
import { until } from "../until.ts";

const PATIENCE = 20_000;

/** Runs what waits for a lock of ours, and cancels each statement that does, as the time-out of statements would. */
export function whileHeld<Result>(
  sql: postgres.Sql,
  hold: (tx: postgres.TransactionSql) => PromiseLike<unknown>,
  work: () => Promise<Result>,
): Promise<Result> {
  return sql
    .begin(async (tx) => {
      await hold(tx);
      let isOver = false;
      const working = work().finally(() => {
        isOver = true;
      });
      await until(async () => {
        await sql`
        select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
        return isOver;
      }, PATIENCE);
      return { result: await working };
    })
    .then(({ result }) => result as Result);
}
