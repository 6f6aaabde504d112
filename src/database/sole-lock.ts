import postgres from "postgres";
import { openSoleConnection } from "./sole-connection.ts";

export interface SoleLock {
  release(): Promise<void>;
}

/** What PostgreSQL says (SQLSTATE) when somebody else has it for longer than we wait. */
const LOCK_NOT_AVAILABLE = "55P03";
/** Milliseconds. The server may take a moment to hear that a process which had it was killed. */
const PATIENCE = 2000;

/**
 * What one process at a time may have, by name; undefined while another one has it. It belongs to a connection of its own and falls with
 * it: where that is lost unnoticed, two may go on, so what must never be done twice needs more than this.
 */
export async function takeSoleLock(url: string, name: string): Promise<SoleLock | undefined> {
  const settings = { lock_timeout: String(PATIENCE) };
  const { sql: client, close } = openSoleConnection(url, { applicationName: "graphql-auth-gateway lock", settings });
  const release = async () => close();
  try {
    await client`select pg_advisory_lock(hashtextextended(${name}, 0))`;
    return { release };
  } catch (error) {
    await release();
    if (error instanceof postgres.PostgresError && error.code === LOCK_NOT_AVAILABLE) return undefined;
    throw error;
  }
}
