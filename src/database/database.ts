import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgTransaction, PgTransactionConfig } from "drizzle-orm/pg-core";
import { drizzle, PostgresJsDatabase, type PostgresJsQueryResultHKT, PostgresJsSession } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { type Functions, nameFunctions, nameTables, type Tables } from "./qualified-names.ts";
import { createDialect } from "./schema-dialect.ts";
import { createTransactions } from "./transactions.ts";

type NoRelations = Record<string, never>;
/** In which schema everything of ours is, and its names for statements that Drizzle cannot express. */
interface InSchema {
  readonly $schema: string;
  readonly $tables: Tables;
  readonly $functions: Functions;
}
/** What writes such statements: a pool, or the connection of a transaction. */
export type Statements = InSchema & { readonly $client: postgres.Sql };
/** Drizzle over one pool; `$client` is the pool itself, for the statements that Drizzle cannot express. */
export type Database = Omit<PostgresJsDatabase<NoRelations>, "transaction"> &
  Statements & {
    transaction<Result>(work: (tx: Transaction) => Promise<Result>, config?: PgTransactionConfig): Promise<Result>;
  };
/** Only inside `database.transaction`: functions that lock rows take this type, so that they cannot be called outside one. */
export type Transaction = PgTransaction<PostgresJsQueryResultHKT, NoRelations, ExtractTablesWithRelations<NoRelations>> & InSchema;

/** The connection of a transaction, for the statements that Drizzle cannot express. */
export function connectionOf({ _, $schema, $tables, $functions }: Transaction): Statements {
  return { $client: (_.session as unknown as { readonly client: postgres.Sql }).client, $schema, $tables, $functions };
}

export interface OpenDatabase {
  readonly database: Database;
  /** Waits for statements and transactions under way, for at most five seconds. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  readonly url: string;
  /** Where everything of ours is. */
  readonly schema: string;
  /** Connections, half of them for transactions: at least 2. */
  readonly poolSize: number;
  /** Puts something around the pool that sees its statements. */
  readonly instrument?: ((pool: postgres.Sql) => postgres.Sql) | undefined;
}

const connectionOptions = {
  connect_timeout: 5,
  // Seconds between attempts to connect. The driver's own way grows to 20, which would outlast most outages.
  backoff: () => 0.1 + Math.random() * 0.2,
  onnotice: () => undefined,
  // Milliseconds. Far longer than any statement of ours takes, far shorter than a client waits.
  connection: { application_name: "graphql-auth-gateway", statement_timeout: 8000 },
};

/**
 * A pool of at most `poolSize` connections, opened on demand.
 * Statements on a hot path must be prepared (`.prepare(name)`): postgres.js asks the server to describe every
 * unprepared statement that has parameters, which costs a second round trip.
 */
export function openDatabase(options: OpenDatabaseOptions): OpenDatabase {
  const forTransactions = Math.max(1, Math.ceil(options.poolSize / 2));
  const client = postgres(options.url, { ...connectionOptions, max: Math.max(1, options.poolSize - forTransactions) });
  const transactions = createTransactions((onLost) => openConnection(options.url, onLost), forTransactions);
  const both = new Proxy(client, {
    get: (target, property, receiver) => (property === "begin" ? transactions.begin : Reflect.get(target, property, receiver)),
  });
  const pool = options.instrument?.(both) ?? both;
  const close = () => Promise.all([client.end({ timeout: 5 }), transactions.close()]);
  return { database: createDatabase(pool, options.schema), close: async () => void (await close()) };
}

/** Over a pool of any kind; `openDatabase` has the one of the server. */
export function createDatabase(pool: postgres.Sql, schema: string): Database {
  // Drizzle replaces the driver's own reading and writing of instants and JSON; its dialect knows one schema only, that of the tables.
  drizzle(pool);
  const dialect = createDialect(schema);
  const session = new PostgresJsSession<postgres.Sql, NoRelations, NoRelations>(pool, dialect, undefined);
  const drizzled = new PostgresJsDatabase<NoRelations>(dialect, session, undefined);
  const begin = drizzled.transaction.bind(drizzled);
  const named: InSchema = { $schema: schema, $tables: nameTables(pool, schema), $functions: nameFunctions(pool, schema) };
  const transaction: Database["transaction"] = (work, config) => begin((tx) => work(Object.assign(tx, named)), config);
  return Object.assign(drizzled, named, { $client: pool, transaction });
}

function openConnection(url: string, onLost: () => void): postgres.Sql {
  const client = postgres(url, { ...connectionOptions, max: 1, max_lifetime: null, onclose: onLost });
  // Drizzle replaces the driver's own reading and writing of instants and JSON, client by client.
  drizzle(client);
  return client;
}
