import { parseConfig } from "./config/config.ts";
import { readConfigFile } from "./config/config-file.ts";
import { createLogger } from "./http/logger.ts";
import { exitOnFailure } from "./start/exit-on-failure.ts";
import { firstSteps } from "./start/first-steps.ts";
import { createGateway } from "./start/gateway.ts";
import { listen } from "./start/listen.ts";
import { lowerThreadPool } from "./start/low-priority-threads.ts";
import { whenParentEnds } from "./start/parent-watch.ts";
import { openStorage } from "./start/storage.ts";

async function main(): Promise<void> {
  const config = parseConfig(process.env, readConfigFile(process.env, process.cwd()));
  const logger = createLogger({ level: config.logLevel });
  const storage = await openStorage(config, (line) => logger.info(line));
  const gateway = await createGateway(config, { ...storage, logger });
  const lowered = await lowerThreadPool(config.hashing.threads);
  logger.info({ threads: lowered, of: config.hashing.threads }, "threads that hash at low priority");
  const address = await listen(gateway.app, config.http);
  logger.info({ address }, "listening");
  if (config.environment === "development") process.stdout.write(firstSteps(address));

  let isStopping = false;
  async function stop(reason: string): Promise<void> {
    if (isStopping) return;
    isStopping = true;
    logger.info({ reason }, "stopping");
    await gateway.close();
    await storage.close();
    process.exit(0);
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => exitOnFailure(() => stop(signal)));
  if (process.env.npm_lifecycle_event !== undefined) whenParentEnds(() => exitOnFailure(() => stop("the npm script was stopped")));
}

exitOnFailure(main);
