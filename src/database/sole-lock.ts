import postgres from "postgres";

export interface SoleLock {
  release(): Promise<void>;
}

/**
 * What one process at a time may have, by name; undefined while another one has it. It belongs to a connection of its own and falls with
 * it: where that is lost unnoticed, two may go on, so what must never be done twice needs more than this.
 */
export async function takeSoleLock(url: string, name: string): Promise<SoleLock | undefined> {
  const client = postgres(url, { max: 1, connect_timeout: 5, max_lifetime: null, onnotice: () => undefined });
  const release = () => client.end({ timeout: 5 });
  try {
    const [row] = await client`select pg_try_advisory_lock(hashtextextended(${name}, 0)) as taken`;
    if (row?.taken === true) return { release };
  } catch (error) {
    await release();
    throw error;
  }
  await release();
  return undefined;
}
