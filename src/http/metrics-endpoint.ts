import { createServer, type Server } from "node:http";
import type { FastifyInstance } from "fastify";

/** The text of `/metrics`, in the format of Prometheus. */
export interface MetricsPage {
  readonly contentType: string;
  read(): Promise<string>;
}

/** On the public port: for development only. */
export function serveMetrics(app: FastifyInstance, page: MetricsPage): void {
  app.get("/metrics", async (_request, reply) => reply.type(page.contentType).send(await page.read()));
}

/** A server that has nothing but `/metrics`, for a port that clients do not reach; not yet listening. */
export function createMetricsServer(page: MetricsPage, logUnexpected: (error: unknown) => void): Server {
  return createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    page.read().then(
      (text) => response.writeHead(200, { "content-type": page.contentType }).end(text),
      (error: unknown) => {
        logUnexpected(error);
        response.writeHead(500).end();
      },
    );
  });
}
