import type { Config } from "../../config/config.ts";
import { serveMetricsPort } from "./metrics-port.ts";
import { type Server, type ServerParts, startServer } from "./server.ts";

/** The whole of it in this process. */
export async function serveAlone(config: Config, parts: ServerParts): Promise<Server> {
  const server = await startServer(config, parts);
  const { registry } = server;
  const page = { contentType: registry.contentType, read: () => registry.metrics() };
  const metricsPort = await serveMetricsPort(config, page, parts.logger).catch(async (error: unknown) => {
    await server.stop(AbortSignal.abort());
    throw error;
  });
  return {
    address: server.address,
    async stop(hurry) {
      await server.stop(hurry);
      metricsPort.close();
    },
  };
}
