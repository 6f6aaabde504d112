import postgres from "postgres";

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
  const connection = { application_name: "graphql-auth-gateway lock", lock_timeout: PATIENCE };
  const client = postgres(url, { max: 1, connect_timeout: 5, max_lifetime: null, onnotice: () => undefined, connection });
  const release = () => client.end({ timeout: 5 });
  try {
    await client`select pg_advisory_lock(hashtextextended(${name}, 0))`;
    return { release };
  } catch (error) {
    await release();
    if (error instanceof postgres.PostgresError && error.code === LOCK_NOT_AVAILABLE) return undefined;
    throw error;
  }
}
