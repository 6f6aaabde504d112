import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { reasonOf } from "../config/values/file-problems.ts";
import { StartupError } from "../core/errors.ts";
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from "../dev-postgres/embedded-postgres.ts";
import { developmentSecret } from "./files/development-secret.ts";

/** A PostgreSQL that is there. */
export interface ReachedPostgres {
  readonly databaseUrl: string;
  /** Stops an embedded PostgreSQL that this process has to stop. */
  close(): Promise<void>;
}

/** What has to be there before a gateway can be: a PostgreSQL, and the secrets that its signing keys are encrypted under. */
export interface Storage extends ReachedPostgres {
  readonly secrets: readonly [string, ...string[]];
}

/** From the configuration; in development, what it leaves out is made and kept in `.data/` of the working directory. */
export async function openStorage(
  config: Config,
  log: (line: string) => void,
  embedding: Pick<EmbeddedPostgresOptions, "onEnd" | "signal"> = {},
): Promise<Storage> {
  const [newest = developmentSecret(makeDataDirectory()), ...older] = config.secrets ?? [];
  return { ...(await reachPostgres(config.database.url, log, embedding)), secrets: [newest, ...older] };
}

/** The one of the URL; without one, the embedded one in `.data/` of the working directory, which is started unless it runs. */
export async function reachPostgres(
  url: string | undefined,
  log: (line: string) => void,
  embedding: Pick<EmbeddedPostgresOptions, "onEnd" | "signal"> = {},
): Promise<ReachedPostgres> {
  if (url !== undefined) return { databaseUrl: url, close: () => Promise.resolve() };
  const embedded = await startEmbeddedPostgres({ ...embedding, directory: makeDataDirectory(), log });
  return { databaseUrl: embedded.url, close: embedded.stop };
}

/** Where the embedded PostgreSQL and its secret are. */
export function dataDirectory(): string {
  return join(process.cwd(), ".data");
}

function makeDataDirectory(): string {
  const directory = dataDirectory();
  makeDirectory(directory);
  return directory;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (cause) {
    const settings = "DATABASE_URL and SECRET";
    throw new StartupError(`${path} cannot be made or written to (${reasonOf(cause)}). Open it to this account, or set ${settings}.`, {
      cause,
    });
  }
}
