import { accessSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { reasonOf } from "../config/values/file-problems.ts";
import { StartupError } from "../core/errors.ts";
import { type EmbeddedPostgresOptions, startEmbeddedPostgres } from "../dev-postgres/embedded-postgres.ts";
import { developmentSecret } from "./files/development-secret.ts";

/** What has to be there before a gateway can be: a PostgreSQL, and the secrets that its signing keys are encrypted under. */
export interface Storage {
  readonly databaseUrl: string;
  readonly secrets: readonly [string, ...string[]];
  /** Stops an embedded PostgreSQL that this process has to stop. */
  close(): Promise<void>;
}

/** From the configuration; in development, what it leaves out is made and kept in `.data/` of the working directory. */
export async function openStorage(
  config: Config,
  log: (line: string) => void,
  embedding: Pick<EmbeddedPostgresOptions, "onEnd" | "signal"> = {},
): Promise<Storage> {
  const directory = join(process.cwd(), ".data");
  if (config.secrets === undefined || config.database.url === undefined) makeDirectory(directory);
  const [newest = developmentSecret(directory), ...older] = config.secrets ?? [];
  const secrets: Storage["secrets"] = [newest, ...older];
  if (config.database.url !== undefined) return { databaseUrl: config.database.url, secrets, close: () => Promise.resolve() };
  const embedded = await startEmbeddedPostgres({ ...embedding, directory, log });
  return { databaseUrl: embedded.url, secrets, close: embedded.stop };
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
