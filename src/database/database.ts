import type { ExtractTablesWithRelations } from "drizzle-orm";
import type { PgTransaction, PgTransactionConfig } from "drizzle-orm/pg-core";
import { drizzle, PostgresJsDatabase, type PostgresJsQueryResultHKT, PostgresJsSession } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { type Functions, nameFunctions, nameTables, type Tables } from "./qualified-names.ts";
import { createDialect } from "./schema-dialect.ts";
import { hasCitus } from "./spread/citus.ts";

type NoRelations = Record<string, never>;
/** In which schema everything of ours is, and its names for statements that Drizzle cannot express. */
interface InSchema {
  readonly $schema: string;
  readonly $tables: Tables;
  readonly $functions: Functions;
  /**
   * Whether the database has Citus, where its tables may be spread over nodes: asked of it once. What Citus refuses as one statement is
   * several there, each of which one node answers.
   */
  $isSpread(): Promise<boolean>;
}
/** What writes such statements: a pool, or the connection of a transaction. */
export type Statements = InSchema & { readonly $sql: postgres.Sql };
/** Drizzle over one pool; `$sql` is the pool itself, for the statements that Drizzle cannot express. */
export type Database = Omit<PostgresJsDatabase<NoRelations>, "transaction"> &
  Statements & {
    transaction<Result>(work: (tx: Transaction) => Promise<Result>, config?: PgTransactionConfig): Promise<Result>;
  };
/** Only inside `database.transaction`: functions that lock rows take this type, so that they cannot be called outside one. */
export type Transaction = PgTransaction<PostgresJsQueryResultHKT, NoRelations, ExtractTablesWithRelations<NoRelations>> & InSchema;

/** The connection of a transaction, for the statements that Drizzle cannot express. */
export function connectionOf({ _, $schema, $tables, $functions, $isSpread }: Transaction): Statements {
  return { $sql: (_.session as unknown as { readonly client: postgres.Sql }).client, $schema, $tables, $functions, $isSpread };
}

/** Over a pool of any kind; `openDatabase` opens the one of the server. */
export function createDatabase(pool: postgres.Sql, schema: string): Database {
  // Drizzle replaces the driver's own reading and writing of instants and JSON; its dialect knows one schema only, that of the tables.
  drizzle(pool);
  const dialect = createDialect(schema);
  const session = new PostgresJsSession<postgres.Sql, NoRelations, NoRelations>(pool, dialect, undefined);
  const drizzled = new PostgresJsDatabase<NoRelations>(dialect, session, undefined);
  const begin = drizzled.transaction.bind(drizzled);
  const names = { $tables: nameTables(pool, schema), $functions: nameFunctions(pool, schema) };
  const named: InSchema = { $schema: schema, ...names, $isSpread: createSpreadCheck(pool) };
  const transaction: Database["transaction"] = (work, config) => begin((tx) => work(Object.assign(tx, named)), config);
  return Object.assign(drizzled, named, { $sql: pool, transaction });
}

function createSpreadCheck(pool: postgres.Sql): () => Promise<boolean> {
  let answer: Promise<boolean> | undefined;
  return () => {
    answer ??= hasCitus(pool).catch((error: unknown) => {
      answer = undefined;
      throw error;
    });
    return answer;
  };
}
