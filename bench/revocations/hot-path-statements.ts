import type postgres from "postgres";
import type { Line } from "../machine/line.ts";
import { rowQuery, tokenQuery } from "../scenarios.ts";

interface Proof {
  readonly line: Line;
  readonly token: string;
  readonly queries: number;
  readonly sql: postgres.Sql;
  /** `application_name` of the server's pool. */
  readonly poolName: string;
}

/**
 * Throws if token-only queries make the server send its database anything: no connection of its pool may have begun a statement.
 * Its upkeep does so every half minute; a second attempt right after cannot meet it again.
 */
export async function proveNoStatements(proof: Proof): Promise<{ connections: number }> {
  await checkThatStatementsShow(proof);
  for (const _attempt of ["first", "second"]) {
    const before = await readActivity(proof);
    await ask(proof, tokenQuery, proof.queries);
    const after = await readActivity(proof);
    if (String(before) === String(after)) return { connections: after.length };
  }
  throw new Error("The server sent its database statements for queries that need none.");
}

/** Or the proof would prove nothing. */
async function checkThatStatementsShow(proof: Proof): Promise<void> {
  const before = await readActivity(proof);
  await ask(proof, rowQuery, 1);
  if (String(before) === String(await readActivity(proof)))
    throw new Error("A query that needs the database did not show in its activity.");
}

async function ask({ line, token }: Proof, query: string, times: number): Promise<void> {
  for (let time = 0; time < times; time++) {
    const { data, errors } = await line.post({ query }, token);
    if (errors.length > 0 || !data?.me) throw new Error(`A wrong answer: ${JSON.stringify({ data, errors })}`);
  }
}

/** One text a connection; it changes with every statement. */
async function readActivity({ sql, poolName }: Proof): Promise<string[]> {
  const rows = await sql<{ activity: string }[]>`
    select concat_ws(' ', pid, backend_start, query_start, state_change) as activity
    from pg_stat_activity where application_name = ${poolName} order by pid`;
  if (rows.length === 0) throw new Error(`No connection is named ${poolName}.`);
  return rows.map(({ activity }) => activity);
}
