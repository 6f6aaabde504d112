import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { Config } from "../../config/config.ts";
import { openStorage } from "../storage.ts";
import { exitOnFailure } from "./exit-on-failure.ts";
import { startServer } from "./server.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/** One of several processes that serve. It takes its orders from the primary, and stops by itself when that is gone. */
export async function serveAsWorker(config: Config, logger: Logger): Promise<void> {
  // The terminal and some supervisors signal every process of a group; the primary passes on what is meant for us.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => undefined);
  const hurry = new AbortController();
  let stop = async (): Promise<void> => undefined;

  function stopOnce(): void {
    const stopping = stop;
    stop = () => new Promise(() => undefined);
    exitOnFailure(async () => {
      await stopping();
      process.exit(0);
    });
  }

  process.on("disconnect", stopOnce);
  process.on("message", ({ type }: ToWorker) => {
    if (type === "stop") stopOnce();
    if (type === "hurry") hurry.abort();
  });
  const storage = await openStorage(config, (line) => logger.info(line));
  const server = await startServer(config, { storage, logger });
  stop = () => server.stop(hurry.signal);
  process.on("message", ({ type }: ToWorker) => {
    if (type === "readMetrics") void tellMetrics(server.registry, logger);
  });
  tellPrimary({ type: "listening", address: server.address });
}

/** Where they cannot be read the primary hears nothing, and leaves this worker out. */
async function tellMetrics(registry: Registry, logger: Logger): Promise<void> {
  try {
    tellPrimary({ type: "metrics", metrics: await registry.getMetricsAsJSON() });
  } catch (err) {
    logger.error({ err }, "the metrics could not be read");
  }
}

function tellPrimary(message: FromWorker): void {
  if (process.connected) process.send?.(message);
}
