import { once } from "node:events";
import type { Server } from "node:http";
import type { Config } from "../../config/config.ts";
import { createMetricsServer, type MetricsPage } from "../../http/metrics-endpoint.ts";
import { refuse } from "./listen.ts";

/** `/metrics` on the port of its own, where the configuration names one. */
export async function serveMetricsPort(
  { telemetry: { metricsPort }, http: { host } }: Config,
  page: MetricsPage,
  logger: { error(facts: { err: unknown }, message: string): void; info(facts: object, message: string): void },
): Promise<{ close(): void }> {
  if (metricsPort === undefined) return { close: () => undefined };
  const server = createMetricsServer(page, (err) => logger.error({ err }, "the metrics could not be read"));
  await listenOn(server, { host, port: metricsPort });
  const bound = server.address();
  logger.info({ metricsPort: typeof bound === "object" ? bound?.port : undefined }, "metrics");
  return {
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function listenOn(server: Server, at: { host: string; port: number }): Promise<void> {
  server.listen(at);
  await once(server, "listening").catch((cause: unknown) => refuse("METRICS_PORT", at, cause));
}
