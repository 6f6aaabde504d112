import type { ReservedSql, Sql } from "postgres";

/** Of postgres.js, for a connection that is gone. */
const lostCodes: ReadonlySet<unknown> = new Set(["CONNECTION_CLOSED", "CONNECTION_DESTROYED", "CONNECTION_ENDED", "CONNECT_TIMEOUT"]);

/**
 * The pool with a `begin` of our own. The driver's (3.4.9) sends ROLLBACK also where the connection has just been lost; that write meets
 * no socket, outside of any promise, and ends the process (porsager/postgres issues 1154 and 1208).
 */
export function withSafeTransactions(pool: Sql): Sql {
  async function begin<Result>(work: (connection: ReservedSql) => Promise<Result>): Promise<Result> {
    const connection = await pool.reserve();
    try {
      await connection`begin`;
      const result = await work(connection);
      const { command } = await connection`commit`;
      if (command !== "COMMIT") throw new Error("A statement of the transaction had failed, so that it was rolled back.");
      connection.release();
      return result;
    } catch (error) {
      // The pool has taken a lost connection back by itself; with it the server rolls back.
      if (!isLost(error)) await rollBack(connection);
      throw error;
    }
  }
  return new Proxy(pool, { get: (target, property, receiver) => (property === "begin" ? begin : Reflect.get(target, property, receiver)) });
}

/** By the driver, by the operating system, and by the server, whose last word that was. */
function isLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, severity_local: severity } = error as { code?: unknown; severity_local?: unknown };
  return lostCodes.has(code) || "syscall" in error || severity === "FATAL" || severity === "PANIC" || isLost(error.cause);
}

async function rollBack(connection: ReservedSql): Promise<void> {
  try {
    await connection`rollback`;
    connection.release();
  } catch (error) {
    if (!isLost(error)) throw error;
  }
}
