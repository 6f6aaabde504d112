import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import type { Logger } from "pino";
import { type Config, parseConfig } from "../../config/config.ts";
import { loadEnvFile } from "../../config/environment/env-file.ts";
import { readConfigFile } from "../../config/file/config-file.ts";
import { migrateDatabase } from "../../database/migrate.ts";
import { createLogDestination } from "../../telemetry/log-destination.ts";
import { createLogger } from "../../telemetry/logger.ts";
import { examineFiles } from "../files/examine-files.ts";
import { refuseHalfSpread } from "../half-spread.ts";
import { openStorage } from "../storage.ts";
import { firstSteps } from "./first-steps.ts";
import { requireFreePorts } from "./listen.ts";
import { serveWithWorkers } from "./serve-with-workers.ts";
import type { Server, ServerParts } from "./server.ts";
import { onOrderToStop } from "./stop-orders.ts";
import { warnOfSettings } from "./warn-of-settings.ts";

/** The server of this folder's configuration, until it is told to stop. */
export async function serve(): Promise<void> {
  const mistyped = loadEnvFile(process.env, process.cwd());
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()), examineFiles);
  const logger = createLogger({ level: config.logLevel, destination: await createLogDestination({ format: config.logFormat }) });
  if (cluster.isWorker) {
    const { serveAsWorker } = await import("./worker.ts");
    return serveAsWorker(config, logger.child({ worker: cluster.worker?.id }));
  }
  warnOfSettings(config, mistyped, logger);
  await requireFreePorts(config);
  const stopping = new AbortController();
  const onEnd = (line: string) => logger.error(line);
  const opening = openStorage(config, (line) => logger.info(line), { onEnd, signal: stopping.signal });
  let server: Server | undefined;
  // From here on, also while it starts: whoever stops us must not be left with a database that runs.
  onOrderToStop(async (reason, hurry) => {
    logger.info({ reason }, "stopping");
    stopping.abort();
    await server?.stop(hurry);
    await (await opening.catch(() => undefined))?.close();
    process.exit(0);
  });
  const storage = await opening.catch((error: unknown) => {
    // Whoever has stopped us ends the process.
    if (stopping.signal.aborted) return new Promise<never>(() => undefined);
    throw error;
  });
  try {
    const letSpread = await migrate(config, storage.databaseUrl, logger);
    server = await startServing(config, { storage, logger }).finally(letSpread);
  } catch (error) {
    await storage.close();
    throw error;
  }
  if (config.environment === "development") {
    process.stdout.write(firstSteps(server.address, { showsOutbox: config.mail.smtp === undefined }));
  }
}

/**
 * Whoever reads the log of an upgrade sees whether the tables have changed. What it answers lets others spread them, where they can be
 * spread.
 */
async function migrate({ database }: Config, databaseUrl: string, logger: Logger): Promise<() => void> {
  const { directUrl = databaseUrl, schema } = database;
  const migrations = await migrateDatabase(directUrl, schema, { tell: (line) => logger.warn(line) });
  if (migrations > 0) logger.info({ migrations, schema }, "migrated the database");
  return refuseHalfSpread(directUrl, schema);
}

/** What serves takes long to load: not before everything else is right, and never in a process that only minds its workers. */
async function startServing(config: Config, parts: ServerParts): Promise<Server> {
  const count = config.workers === "max" ? availableParallelism() : config.workers;
  const server =
    count === 1 ? await (await import("./serve-alone.ts")).serveAlone(config, parts) : await serveWithWorkers(config, { ...parts, count });
  parts.logger.info({ address: server.address, workers: count }, "listening");
  return server;
}
