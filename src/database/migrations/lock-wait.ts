import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";

export interface LockWaitOptions {
  /** Told what keeps a migration waiting. */
  readonly tell?: (line: string) => void;
  /** For how long a migration waits for the lock of a table, and keeps everybody waiting who comes after it. */
  readonly waitMilliseconds?: number;
  /** For how long they go on before it tries again. */
  readonly pauseMilliseconds?: number;
}

export interface LockWait {
  /** Sends statements as one message, which PostgreSQL takes as one transaction; as often as it takes to get their locks. */
  send(what: string, statements: string): Promise<void>;
}

/** Less than a statement has, so that none fails that came after it. */
const WAIT = 2000;
const PAUSE = 5000;

/** SQLSTATEs: the lock was not to be had in that time, or was waited for in a circle. Either way nothing was done. */
const LOCKED = new Set(["55P03", "40P01"]);

/**
 * A change of a table takes it from everybody for a moment, and waits for whoever uses it: a dump of an hour, say. Whoever comes after it
 * waits for it in turn, so it does not wait for long.
 */
export function createLockWait(sql: postgres.Sql, options: LockWaitOptions): LockWait {
  const { tell, waitMilliseconds = WAIT, pauseMilliseconds = PAUSE } = options;
  const times = `set local statement_timeout = 0; set local lock_timeout = ${waitMilliseconds};`;

  /** False where others have what it needs. */
  async function attempt(statements: string): Promise<boolean> {
    try {
      await sql.unsafe(`${times}\n${statements}`);
      return true;
    } catch (error) {
      if (error instanceof postgres.PostgresError && LOCKED.has(error.code)) return false;
      throw error;
    }
  }

  return {
    async send(what, statements) {
      for (let attempts = 1; !(await attempt(statements)); attempts += 1) {
        if (attempts === 1)
          tell?.(
            `${what} changes a table that somebody has used for longer than ${waitMilliseconds / 1000} s, such as ` +
              `pg_dump: trying again every ${pauseMilliseconds / 1000} s.`,
          );
        await sleep(pauseMilliseconds);
      }
    },
  };
}
