import type { Sql } from "postgres";
import { LostConnectionError } from "./lost-connection.ts";
import type { Connection } from "./wire/connection.ts";
import { createFacade } from "./wire/facade.ts";
import type { Pool } from "./wire/pool.ts";

/** Whatever the database's own default is: our statements are written for this one, and see what was committed before each. */
const BEGIN = "begin isolation level read committed";

/**
 * One transaction on a connection that nobody else uses meanwhile. Nothing is sent on another one where that is lost, and one on which
 * not even the rollback was answered is not used again.
 */
export async function transact<Result>(pool: Pool, work: (connection: Sql) => Promise<Result>): Promise<Result> {
  const { connection, askedAt } = await pool.acquire();
  // Its first statement has been asked for since then.
  let since: number | undefined = askedAt;
  const sql = createFacade((statement) => {
    connection.run(statement, since);
    since = undefined;
  }, undefined);
  try {
    const result = await perform(sql, connection, work);
    pool.release(connection);
    return result;
  } catch (error) {
    if (connection.isAlive() && !(await rollBack(sql))) connection.destroy(new LostConnectionError("CONNECTION_CLOSED"));
    pool.release(connection);
    throw error;
  }
}

async function perform<Result>(sql: Sql, connection: Connection, work: (connection: Sql) => Promise<Result>): Promise<Result> {
  await sql.unsafe(BEGIN);
  const result = await work(sql);
  if (!connection.isAlive()) throw new LostConnectionError("CONNECTION_CLOSED");
  const { command } = await sql.unsafe("commit");
  if (command !== "COMMIT") throw new Error("A statement of the transaction had failed, so that it was rolled back.");
  return result;
}

/** False where nothing came of it: with its connection, the server ends the transaction. */
async function rollBack(sql: Sql): Promise<boolean> {
  try {
    await sql.unsafe("rollback");
    return true;
  } catch {
    return false;
  }
}
