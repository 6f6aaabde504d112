import type postgres from "postgres";
import { LostConnectionError } from "./lost-connection.ts";
import { tryServersLock } from "./servers-lock.ts";
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
      if (!isPrimary && !(await askIsPrimary(sql))) throw new LostConnectionError("IS_STANDBY");
      if (!isPrimary) await tryServersLock(sql);
      isPrimary = true;
      await sql`listen ${sql(channel)}`;
    },
    close: async () => close(),
  };
}

async function askIsPrimary(sql: postgres.Sql): Promise<boolean> {
  const [row] = await sql<{ isStandby: boolean }[]>`select pg_is_in_recovery() as "isStandby"`;
  return row?.isStandby === false;
}
