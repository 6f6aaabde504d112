import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgTransaction } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsDatabase, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { withSafeTransactions } from "./transactions.ts";

type NoRelations = Record<string, never>;
/** Drizzle over one pool; `$client` is the pool itself, for the statements that Drizzle cannot express. */
export type Database = PostgresJsDatabase<NoRelations> & { readonly $client: postgres.Sql };
/** Only inside `database.transaction`: functions that lock rows take this type, so that they cannot be called outside one. */
export type Transaction = PgTransaction<PostgresJsQueryResultHKT, NoRelations, ExtractTablesWithRelations<NoRelations>>;

export interface OpenDatabase {
  readonly database: Database;
  /** Waits for running statements, for at most five seconds. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly url: string;
  readonly poolSize: number;
  /** Puts something around the pool that sees its statements. */
  readonly instrument?: ((pool: postgres.Sql) => postgres.Sql) | undefined;
}

/**
 * A pool of at most `poolSize` connections, opened on demand.
 * Statements on a hot path must be prepared (`.prepare(name)`): postgres.js asks the server to describe every
 * unprepared statement that has parameters, which costs a second round trip.
 */
export function openDatabase(options: OpenDatabaseOptions): OpenDatabase {
  const client = postgres(options.url, {
    max: options.poolSize,
    connect_timeout: 5,
    // Seconds between attempts to connect. The driver's own way grows to 20, which would outlast most outages.
    backoff: () => 0.1 + Math.random() * 0.2,
    onnotice: () => undefined,
    // Milliseconds. Far longer than any statement of ours takes, far shorter than a client waits.
    connection: { application_name: "graphql-auth-gateway", statement_timeout: 8000 },
  });
  const safe = withSafeTransactions(client);
  const pool = options.instrument?.(safe) ?? safe;
  return { database: drizzle(pool), close: () => client.end({ timeout: 5 }) };
}
