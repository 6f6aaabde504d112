import type postgres from "postgres";
import { parseConnectionString } from "./connection-string/connection-string.ts";
import { createDatabase, type Database } from "./database.ts";
import { watchReplica } from "./read-replica.ts";
import { transact } from "./transactions.ts";
import { createFacade } from "./wire/facade.ts";
import { createOpener } from "./wire/opener.ts";
import { createPool } from "./wire/pool.ts";

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
  /** False where a pooler in between forgets what was prepared. Absent: what the connection string says, or true. */
  readonly preparesStatements?: boolean | undefined;
  /** Puts something around the pool that sees its statements. */
  readonly instrument?: ((pool: postgres.Sql) => postgres.Sql) | undefined;
  /** Where nothing is written: of several hosts the first one that answers is taken, and `onAnswer` hears of each answer. */
  readonly replica?: { onAnswer(): void } | undefined;
}

const stopwatch = () => performance.now();
const APPLICATION_NAME = "graphql-auth-gateway";
/** The server gives a statement up after this time, and we a second later: both well within the 12 s in which a request is answered. */
const STATEMENT_MILLISECONDS = 5000;
const DEADLINE_MILLISECONDS = STATEMENT_MILLISECONDS + 1000;
/** The server ends a transaction that nobody goes on with for so long, so that its locks do not outlive a host that lost its power. */
const IDLE_MILLISECONDS = 15_000;
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
    direct: {
      statement_timeout: String(STATEMENT_MILLISECONDS),
      idle_in_transaction_session_timeout: String(IDLE_MILLISECONDS),
      default_transaction_isolation: "read committed",
    },
    stopwatch,
    takesAnyHost: options.replica !== undefined,
  });
  const forTransactions = Math.max(1, Math.ceil(options.poolSize / 2));
  const deadlineMilliseconds = DEADLINE_MILLISECONDS;
  const statements = createPool(opener, { size: Math.max(1, options.poolSize - forTransactions), deadlineMilliseconds, stopwatch });
  const transactions = createPool(opener, { size: forTransactions, deadlineMilliseconds, stopwatch });
  const run = options.replica === undefined ? statements.run : watchReplica(statements.run, options.replica.onAnswer);
  const client = createFacade(run, (work) => transact(transactions, work));
  const pool = options.instrument?.(client) ?? client;
  return {
    database: createDatabase(pool, options.schema),
    close: async () => void (await Promise.all([statements.close(CLOSE_MILLISECONDS), transactions.close(CLOSE_MILLISECONDS)])),
  };
}
