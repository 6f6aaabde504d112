import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { parseConfig } from "./config/config.ts";
import { readConfigFile } from "./config/config-file.ts";
import { migrateDatabase } from "./database/migrate.ts";
import { createLogDestination } from "./http/log-destination.ts";
import { createLogger } from "./http/logger.ts";
import { exitOnFailure } from "./start/exit-on-failure.ts";
import { firstSteps } from "./start/first-steps.ts";
import { serveAlone } from "./start/serve-alone.ts";
import { serveWithWorkers } from "./start/serve-with-workers.ts";
import { onOrderToStop } from "./start/stop-orders.ts";
import { openStorage } from "./start/storage.ts";
import { serveAsWorker } from "./start/worker.ts";

async function main(): Promise<void> {
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
  const logger = createLogger({ level: config.logLevel, destination: createLogDestination() });
  if (cluster.isWorker) return serveAsWorker(config, logger.child({ worker: cluster.worker?.id }));
  const storage = await openStorage(config, (line) => logger.info(line));
  await migrateDatabase(config.database.directUrl ?? storage.databaseUrl, config.database.schema);
  const workers = config.workers === "max" ? availableParallelism() : config.workers;
  const server =
    workers === 1 ? await serveAlone(config, { storage, logger }) : await serveWithWorkers(config, { storage, logger, count: workers });
  // Before it is told that we listen: whoever reads that may stop us.
  onOrderToStop(async (reason, hurry) => {
    logger.info({ reason }, "stopping");
    await server.stop(hurry);
    await storage.close();
    process.exit(0);
  });
  logger.info({ address: server.address, workers }, "listening");
  if (config.environment === "development") {
    process.stdout.write(firstSteps(server.address, { showsOutbox: config.mail.smtp === undefined }));
  }
}

exitOnFailure(main);
