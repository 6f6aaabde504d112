import type postgres from "postgres";
import { inject } from "vitest";
import { until } from "../until.ts";

/** Of a Citus, the coordinator's own view says nothing of who waits at a worker. */
export async function countLockWaits(sql: postgres.Sql): Promise<number> {
  const rows = inject("isCitus")
    ? await sql`select from citus_lock_waits`
    : await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  return rows.length;
}

/** Until some statement of the database waits for a lock. */
export function untilLockWait(sql: postgres.Sql, patienceMilliseconds = 10_000): Promise<void> {
  return until(async () => (await countLockWaits(sql)) > 0, patienceMilliseconds);
}
