import { setTimeout as sleep } from "node:timers/promises";
import type postgres from "postgres";
import { openSoleConnection } from "./sole-connection.ts";

export interface SoleLock {
  release(): Promise<void>;
}

export interface SoleLockOptions {
  /** Absent: two seconds. The server may take a moment to hear that a process which had it was killed. */
  readonly patienceMilliseconds?: number;
  /** Told once, where somebody else has it. */
  readonly onWait?: () => void;
}

const PATIENCE = 2000;
/** Milliseconds between two looks. */
const LOOK = 100;

/**
 * For a transaction that does nothing, as long as it takes; the second of these times is there from PostgreSQL 17 on. A statement without
 * parameters, because one with them would keep its snapshot until the next one.
 */
const STAY = `
  select set_config(name, '0', true) from pg_catalog.pg_settings
  where name in ('idle_in_transaction_session_timeout', 'transaction_timeout')`;

/**
 * What one process at a time may have, by name; undefined while another one has it. It belongs to a transaction on a connection of its own
 * and falls with it: where that is lost unnoticed, two may go on, so what must never be done twice needs more than this.
 *
 * A transaction, because a pooler in between lends the next one another server connection, where a lock of the session would stay. Whoever
 * waits looks again and again, each time in a new one, so as to keep no connection of the pooler. Between statements such a transaction
 * has no snapshot, so that neither VACUUM nor an index that is built concurrently waits for it.
 */
export async function takeSoleLock(url: string, name: string, options: SoleLockOptions = {}): Promise<SoleLock | undefined> {
  const { patienceMilliseconds = PATIENCE, onWait } = options;
  const { sql, close } = openSoleConnection(url, { applicationName: "graphql-auth-gateway lock", preparesStatements: false });
  const endsAt = performance.now() + patienceMilliseconds;
  try {
    for (let looks = 1; !(await tryOnce(sql, name)); looks += 1) {
      if (performance.now() >= endsAt) {
        close();
        return undefined;
      }
      if (looks === 1) onWait?.();
      await sleep(LOOK);
    }
  } catch (error) {
    close();
    throw error;
  }
  return {
    async release() {
      await sql.unsafe("rollback").catch(() => undefined);
      close();
    },
  };
}

/** Leaves a transaction open where it took it. */
async function tryOnce(sql: postgres.Sql, name: string): Promise<boolean> {
  await sql.unsafe("begin isolation level read committed");
  const [row] = await sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as taken`;
  await sql.unsafe(row?.taken === true ? STAY : "rollback");
  return row?.taken === true;
}
