import type { FastifyInstance } from "fastify";

export const READY_PATH = "/readyz";

/** The answer of `/readyz`, for people and for load balancers. */
export interface Readiness {
  readonly ready: boolean;
  /** Whether it is stopping: it answers what comes, and wants nothing more. */
  readonly draining: boolean;
  readonly checks: Readonly<Record<"database" | "migrations" | "revocationFeed", "ok" | "failed">>;
}

/** `/livez`: the process answers. `/readyz`: it can do its work. */
export function serveHealth(app: FastifyInstance, checkReadiness: () => Promise<Readiness>): void {
  app.get("/livez", (_request, reply) => reply.send({ live: true }));
  app.get(READY_PATH, async (_request, reply) => {
    const readiness = await checkReadiness();
    return reply.code(readiness.ready ? 200 : 503).send(readiness);
  });
}
