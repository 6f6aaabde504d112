import { existsSync } from "node:fs";
import { createAudit } from "../../auth/audit/audit.ts";
import { createTransact, type Transact } from "../../auth/work/unit-of-work.ts";
import { type Config, parseConfig } from "../../config/config.ts";
import { parseDatabaseConfig } from "../../config/environment/database-config.ts";
import { loadEnvFile } from "../../config/environment/env-file.ts";
import { readConfigFile } from "../../config/file/config-file.ts";
import { type Clock, systemClock } from "../../core/clock.ts";
import { createSecureRandom, type Random } from "../../core/random.ts";
import type { Database } from "../../database/database.ts";
import { migrateDatabase } from "../../database/migrate.ts";
import { openDatabase } from "../../database/open-database.ts";
import { createNews } from "../../start/messages/news.ts";
import { onOrderToStop } from "../../start/process/stop-orders.ts";
import { dataDirectory, openStorage, reachPostgres, type Storage } from "../../start/storage.ts";
import { CommandError } from "./command-error.ts";

/** The exit code of whoever was stopped by Ctrl-C, as shells have it. */
const STOPPED = 130;

/** The storage of the configuration that the server would read here; migrations go to `directUrl`. */
export interface OperatorStorage {
  readonly config: Config;
  readonly storage: Storage;
  readonly directUrl: string;
}

/** What a command needs that works on the database without serving anybody. */
export interface OperatorSession extends OperatorStorage {
  readonly database: Database;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly random: Random;
}

async function withStorage<Result>(mayBegin: boolean, work: (opened: OperatorStorage) => Promise<Result>): Promise<Result> {
  loadEnvFile(process.env, process.cwd());
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
  if (!mayBegin) requireDatabase(config.database.url);
  return whileOpen(openStorage(config, tellOperator), (storage) =>
    work({ config, storage, directUrl: config.database.directUrl ?? storage.databaseUrl }),
  );
}

/** In the wrong folder, or without the server's variables, a command would succeed on an empty database of its own. */
function requireDatabase(url: string | undefined): void {
  if (url !== undefined || existsSync(dataDirectory())) return;
  throw new CommandError(`There is no database here: DATABASE_URL is not set, and there is no ${dataDirectory()}.
Run this in the server's folder, with the server's variables.`);
}

/** For what needs a database and nothing else of the configuration. */
export async function withPostgres<Result>(work: (opened: { directUrl: string; schema: string }) => Promise<Result>): Promise<Result> {
  loadEnvFile(process.env, process.cwd());
  const { url, directUrl, schema } = parseDatabaseConfig(process.env);
  // The embedded one says where the data are: a command that runs in the wrong folder would succeed on an empty database of its own.
  return whileOpen(reachPostgres(url, tellOperator), ({ databaseUrl }) => work({ directUrl: directUrl ?? databaseUrl, schema }));
}

/**
 * Closes what is opened also when `work` fails, and when somebody stops the command. An embedded PostgreSQL that a server in this folder
 * runs is shared, and left running.
 */
async function whileOpen<Opened extends { close(): Promise<void> }, Result>(
  opening: Promise<Opened>,
  work: (opened: Opened) => Promise<Result>,
): Promise<Result> {
  let isStopped = false;
  onOrderToStop(async (_reason, hurry) => {
    isStopped = true;
    hurry.addEventListener("abort", () => process.exit(STOPPED));
    await (await opening).close();
    process.exit(STOPPED);
  });
  const opened = await opening;
  try {
    return await work(opened);
  } catch (error) {
    // That the database went away under it is nothing to be told.
    if (isStopped) await new Promise(() => undefined);
    throw error;
  } finally {
    await opened.close();
  }
}

/** What keeps a command waiting. */
export function tellOperator(line: string): void {
  process.stderr.write(`${line}\n`);
}

export interface OperatorOptions {
  /** Whether a folder without a database gets one: for what may come before the first start. */
  readonly mayBegin?: boolean;
}

/** Migrates first: an admin may be made before any server has started. What is done is audited, and for the command to tell. */
export async function withOperatorSession<Result>(
  work: (session: OperatorSession) => Promise<Result>,
  { mayBegin = false }: OperatorOptions = {},
): Promise<Result> {
  return withStorage(mayBegin, async (opened) => {
    const { schema, preparesStatements } = opened.config.database;
    await migrateDatabase(opened.directUrl, schema, { tell: tellOperator });
    const { database, close } = openDatabase({ url: opened.storage.databaseUrl, schema, poolSize: 2, preparesStatements });
    const random = createSecureRandom();
    const { secrets } = opened.storage;
    const news = createNews(opened.config, { secrets, clock: systemClock, random });
    const audit = createAudit({ database, clock: systemClock, random, log: () => undefined, news });
    // Nobody is served here; running servers hear of a revocation as it commits.
    const transact = createTransact({ database, audit, outbox: news.outbox, clock: systemClock, apply: () => undefined });
    try {
      return await work({ ...opened, database, transact, clock: systemClock, random });
    } finally {
      await close();
    }
  });
}
