import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgTransaction } from "drizzle-orm/pg-core";
import { drizzle, type PostgresJsDatabase, type PostgresJsQueryResultHKT } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { parseConnectionString } from "./connection-string.ts";
import { transact } from "./transactions.ts";
import { createFacade } from "./wire/facade.ts";
import { createOpener } from "./wire/opener.ts";
import { createPool } from "./wire/pool.ts";

type NoRelations = Record<string, never>;
/** Drizzle over one pool; `$client` is the pool itself, for the statements that Drizzle cannot express. */
export type Database = PostgresJsDatabase<NoRelations> & { readonly $client: postgres.Sql };
/** Only inside `database.transaction`: functions that lock rows take this type, so that they cannot be called outside one. */
export type Transaction = PgTransaction<PostgresJsQueryResultHKT, NoRelations, ExtractTablesWithRelations<NoRelations>>;

/** The connection of a transaction, for the statements that Drizzle cannot express. */
export function connectionOf(tx: Transaction): Pick<Database, "$client"> {
  return { $client: (tx._.session as unknown as { readonly client: postgres.Sql }).client };
}

export interface OpenDatabase {
  readonly database: Database;
  /** Waits for statements and transactions under way, for at most five seconds. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly url: string;
  /** Connections, half of them for transactions: at least 2. */
  readonly poolSize: number;
  /** False where a pooler in between forgets what was prepared. Absent: what the connection string says, or true. */
  readonly preparesStatements?: boolean | undefined;
  /** Puts something around the pool that sees its statements. */
  readonly instrument?: ((pool: postgres.Sql) => postgres.Sql) | undefined;
}

const APPLICATION_NAME = "graphql-auth-gateway";
/** The server gives a statement up after this time, and we a second later: both well within the 12 s in which a request is answered. */
const STATEMENT_MILLISECONDS = 5000;
const DEADLINE_MILLISECONDS = STATEMENT_MILLISECONDS + 1000;
const CLOSE_MILLISECONDS = 5000;

/**
 * A pool of at most `poolSize` connections, opened on demand.
 * Statements on a hot path must be prepared (`.prepare(name)`): postgres.js asks the server to describe every
 * unprepared statement that has parameters, which costs a second round trip.
 */
export function openDatabase(options: OpenDatabaseOptions): OpenDatabase {
  const settings = parseConnectionString(options.url);
  const opener = createOpener({
    settings,
    applicationName: APPLICATION_NAME,
    preparesStatements: options.preparesStatements ?? settings.preparesStatements ?? true,
    direct: { statement_timeout: String(STATEMENT_MILLISECONDS), default_transaction_isolation: "read committed" },
  });
  const forTransactions = Math.max(1, Math.ceil(options.poolSize / 2));
  const deadlineMilliseconds = DEADLINE_MILLISECONDS;
  const statements = createPool(opener, { size: Math.max(1, options.poolSize - forTransactions), deadlineMilliseconds });
  const transactions = createPool(opener, { size: forTransactions, deadlineMilliseconds });
  const client = createFacade(statements.run, (work) => transact(transactions, work));
  const pool = options.instrument?.(client) ?? client;
  return {
    database: drizzle(pool),
    close: async () => void (await Promise.all([statements.close(CLOSE_MILLISECONDS), transactions.close(CLOSE_MILLISECONDS)])),
  };
}
