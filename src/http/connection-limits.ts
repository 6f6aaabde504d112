import type { FastifyInstance } from "fastify";

/** Fastify's options against clients who hold connections without using them. */
export const connectionLimits = {
  /** The time from the first byte to the last. A request that trickles in is cut; a shutdown waits no longer either. */
  requestTimeout: 8000,
  /** Nothing read and nothing written for so long: nobody is there, or nobody takes the answer. Longer than any answer takes. */
  connectionTimeout: 12_000,
  /** Longer than the 60 seconds for which load balancers keep idle connections: they have to be the ones who close. */
  keepAliveTimeout: 72_000,
  http: {
    /** Headers alone take no longer than a whole request. */
    headersTimeout: 8000,
    /** How often Node looks for requests that are late; its own 30 seconds would be added to the time-out. */
    connectionsCheckingInterval: 1000,
    /** A request without Host is refused with every other one that has no valid one; Node's own answer has no headers. */
    requireHostHeader: false,
    /** Of two `Authorization`, `Host` or `Origin` headers Node would take the first, another server the last; joined they fit nothing. */
    joinDuplicateHeaders: true,
  },
};

/** Node closes what comes beyond at once, before it has cost anything. WebSockets count. */
export function limitConnections(app: FastifyInstance, maximum: number): void {
  app.server.maxConnections = maximum;
}
