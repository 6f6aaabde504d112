import type postgres from "postgres";
import { LostConnectionError } from "./lost-connection.ts";
import { openSoleConnection } from "./sole-connection.ts";

/**
 * One connection of its own, which hears that something is announced on a channel while it answers statements. What is announced is not
 * handed on: every role that may connect to the database may announce anything, on any channel.
 */
export interface ListeningConnection {
  readonly sql: postgres.Sql;
  /** Rejects with `IS_STANDBY` where nothing is announced, because the server follows another one. */
  listen(): Promise<void>;
  /** At once, without waiting for an answer that may never come. */
  close(): Promise<void>;
}

const CONNECT_MILLISECONDS = 2000;

/** Held by every server, shared, for as long as it listens. It keeps nobody waiting. */
export const SERVERS_LOCK = "graphql-auth-gateway servers";

/**
 * Not the driver's own `listen`, which keeps a second connection that nothing can be asked on: whether that one still hears could
 * not be known.
 */
export function openListeningConnection(url: string, channel: string, hear: () => void): ListeningConnection {
  const { sql, close } = openSoleConnection(url, {
    applicationName: "graphql-auth-gateway revocations",
    settings: { statement_timeout: "5000" },
    connectMilliseconds: CONNECT_MILLISECONDS,
    hear: (heard) => {
      if (heard === channel) hear();
    },
  });
  let isPrimary = false;
  return {
    sql,
    async listen() {
      // An address that still leads to the primary of before must not hold us: it answers, and nothing new is ever written there.
      isPrimary ||= await register(sql);
      if (!isPrimary) throw new LostConnectionError("IS_STANDBY");
      await sql`listen ${sql(channel)}`;
    },
    close: async () => close(),
  };
}

/** Whether this is a primary. Whoever counts the servers of a database finds each by this lock, by whatever name it connects. */
async function register(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql<{ isStandby: boolean }[]>`
    select pg_is_in_recovery() as "isStandby", pg_try_advisory_lock_shared(hashtextextended(${SERVERS_LOCK}, 0))`;
  return row?.isStandby === false;
}
