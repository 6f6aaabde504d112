import type { Worker } from "node:cluster";
import { Counter, Registry } from "prom-client";
import type { Config } from "../../config/config.ts";
import { withDeadline } from "../../core/deadline.ts";
import { mergeMetrics, type ProcessMetrics } from "../../telemetry/merged-metrics.ts";
import { patienceAfter } from "../drain.ts";
import { serveMetricsPort } from "./metrics-port.ts";
import type { Server, ServerParts } from "./server.ts";
import type { FromWorker } from "./worker-messages.ts";
import { createWorkerPool, tell, type WorkerPool } from "./worker-pool.ts";

const METRICS_MILLISECONDS = 1000;
/** For what a worker does after its last answer. */
const CLOSING_SECONDS = 3;

/** Several processes on one port; this one serves nobody, and keeps the others alive. */
export async function serveWithWorkers(config: Config, { storage, logger, count }: ServerParts & { count: number }): Promise<Server> {
  const env = { DATABASE_URL: storage.databaseUrl, SECRET: storage.secrets.join(",") };
  const pool = createWorkerPool({ count, env, logger });
  const stopAtOnce = () => pool.stop(0, AbortSignal.abort());
  const address = await pool.started.catch(async (error: unknown) => {
    await stopAtOnce();
    throw error;
  });
  const registry = new Registry();
  const restarts = countRestarts(pool, registry);
  const page = { contentType: registry.contentType, read: async () => mergeMetrics(await readMetrics(pool), restarts) };
  const metricsPort = await serveMetricsPort(config, page, logger).catch(async (error: unknown) => {
    await stopAtOnce();
    throw error;
  });
  return {
    address,
    async stop(hurry) {
      await pool.stop(config.drainDelaySeconds + patienceAfter(config.drainDelaySeconds) + CLOSING_SECONDS, hurry);
      metricsPort.close();
    },
  };
}

function countRestarts(pool: WorkerPool, registry: Registry): Registry {
  new Counter({
    name: "auth_worker_restarts_total",
    help: "Workers that died and were replaced.",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(pool.restarts());
    },
  });
  return registry;
}

/** A worker that does not answer in time is left out. */
async function readMetrics(pool: WorkerPool): Promise<ProcessMetrics[]> {
  const asked = [...pool.workers()].map(async ([place, worker]) => ({ worker: place, metrics: await askForMetrics(worker) }));
  const answers = await Promise.allSettled(asked.map((each) => withDeadline(each, METRICS_MILLISECONDS)));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
}

/** Every answer tells as much as the one that was asked for. */
function askForMetrics(worker: Worker): Promise<readonly object[]> {
  return new Promise((resolve) => {
    const hear = (message: FromWorker) => {
      if (message.type !== "metrics") return;
      worker.off("message", hear);
      resolve(message.metrics);
    };
    worker.on("message", hear);
    tell(worker, { type: "readMetrics" });
  });
}
