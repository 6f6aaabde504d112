import { openRawClient } from "../../tests/support/raw-client.ts";
import { processorSeconds } from "./pinning.ts";

/** Processor seconds that the backends of one database have used so far; not a number where PostgreSQL runs on another machine. */
export interface DatabaseMeter {
  read(): Promise<number>;
  close(): Promise<void>;
}

export function openDatabaseMeter(databaseUrl: string): DatabaseMeter {
  const sql = openRawClient(databaseUrl);
  return {
    async read() {
      const backends = await sql<{ pid: number }[]>`
        select pid from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
      return backends.reduce((sum, { pid }) => sum + (processorSeconds(pid) ?? Number.NaN), 0);
    },
    close: () => sql.end(),
  };
}
