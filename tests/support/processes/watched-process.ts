import { setTimeout as sleep } from "node:timers/promises";
import { parseConfig } from "../../../src/config/config.ts";
import { readConfigFile } from "../../../src/config/file/config-file.ts";

/*
 * The built server as in production, but for the time: the process that started it sends by how many seconds the clock is to be ahead,
 * and chores wait for a second at most.
 */

const MOST_MILLISECONDS = 1000;
const built = (path: string): Promise<unknown> => import(new URL(`../../../dist/${path}`, import.meta.url).href);

const { migrateDatabase } = (await built("database/migrate.js")) as typeof import("../../../src/database/migrate.ts");
const { createLogDestination } = (await built(
  "telemetry/log-destination.js",
)) as typeof import("../../../src/telemetry/log-destination.ts");
const { createLogger } = (await built("telemetry/logger.js")) as typeof import("../../../src/telemetry/logger.ts");
const { serveAlone } = (await built("start/process/serve-alone.js")) as typeof import("../../../src/start/process/serve-alone.ts");
const { onOrderToStop } = (await built("start/process/stop-orders.js")) as typeof import("../../../src/start/process/stop-orders.ts");
const { openStorage } = (await built("start/storage.js")) as typeof import("../../../src/start/storage.ts");

const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
const logger = createLogger({ level: config.logLevel, destination: await createLogDestination({ format: "json" }) });
const storage = await openStorage(config, (line) => logger.info(line));
await migrateDatabase(config.database.directUrl ?? storage.databaseUrl, config.database.schema);

let aheadSeconds = 0;
process.on("message", (seconds: number) => {
  aheadSeconds = seconds;
  process.send?.(seconds);
});
const server = await serveAlone(config, {
  storage,
  logger,
  clock: () => new Date(Date.now() + aheadSeconds * 1000),
  wait: (milliseconds, signal) => sleep(Math.min(milliseconds, MOST_MILLISECONDS), undefined, { signal }),
});
onOrderToStop(async (_reason, hurry) => {
  await server.stop(hurry);
  await storage.close();
  process.exit(0);
});
logger.info({ address: server.address }, "listening");
