import type { Logger } from "pino";
import type { Config, HashingConfig } from "../../config/config.ts";
import type { Clock } from "../../core/clock.ts";
import { createMetrics, createProcessRegistry } from "../../telemetry/metrics.ts";
import { waitInPatience } from "../drain.ts";
import { createGateway } from "../gateway.ts";
import type { Storage } from "../storage.ts";
import type { Wait } from "../upkeep/upkeep.ts";
import { listen } from "./listen.ts";
import { lowerThreadPool } from "./low-priority-threads.ts";
import { openTracing } from "./open-tracing.ts";

/** What listens, in this process or in several. */
export interface Server {
  readonly address: string;
  /** Drains: see docs/operate/deployment.md. The signal makes it fast. */
  stop(hurry: AbortSignal): Promise<void>;
}

export interface ServerParts {
  readonly storage: Pick<Storage, "databaseUrl" | "secrets">;
  readonly logger: Logger;
  /** What tests replace: the time, and the wait between two runs of a chore. */
  readonly clock?: Clock;
  readonly wait?: Wait;
}

/** A gateway that listens, with meters, and traces where they are wanted. */
export async function startServer(config: Config, { storage, logger, ...replaced }: ServerParts) {
  const metrics = createMetrics(createProcessRegistry());
  const tracing = await openTracing(config.telemetry.otlpEndpoint, logger);
  const gateway = await createGateway(config, { ...storage, ...replaced, logger, metrics, tracing });
  if (config.hashing.priority > 0) await standBack(config.hashing, logger);
  const address = await listen(gateway.app, config.http).catch(async (error: unknown) => {
    await gateway.close(AbortSignal.abort());
    throw error;
  });
  async function stop(hurry: AbortSignal): Promise<void> {
    gateway.startDraining();
    await waitInPatience(config.drainDelaySeconds, hurry);
    await gateway.close(hurry);
    await tracing?.close();
  }
  return { address, registry: metrics.registry, stop } satisfies Server & { registry: unknown };
}

async function standBack({ threads, priority }: HashingConfig, logger: Logger): Promise<void> {
  const lowered = await lowerThreadPool(threads, priority);
  logger.info({ threads: lowered, of: threads, nice: priority }, "threads that hash at low priority");
}
