import postgres from "postgres";

/** One connection of its own, which hears what is announced on a channel while it answers statements. */
export interface ListeningConnection {
  readonly sql: postgres.Sql;
  /** Has to be repeated whenever the connection may be another one: postgres.js replaces a lost one without a word. */
  listen(): Promise<void>;
  /** At once, without waiting for an answer that may never come. */
  close(): Promise<void>;
}

/**
 * Not the driver's own `listen`, which keeps a second connection that nothing can be asked on: whether that one still hears could
 * not be known. `onnotify` is the driver's option beneath it, missing from its types.
 */
export function openListeningConnection(url: string, channel: string, hear: (payload: string) => void): ListeningConnection {
  const options = {
    max: 1,
    connect_timeout: 2,
    idle_timeout: null,
    max_lifetime: null,
    fetch_types: false,
    backoff: () => 0.1,
    onnotice: () => undefined,
    onnotify: (heard: string, payload: string) => {
      if (heard === channel) hear(payload);
    },
    connection: { application_name: "graphql-auth-gateway revocations", statement_timeout: 8000 },
  };
  const sql = postgres(url, options as unknown as postgres.Options<Record<string, never>>);
  return {
    sql,
    listen: async () => {
      await sql`listen ${sql(channel)}`;
    },
    close: () => sql.end({ timeout: 0 }),
  };
}
