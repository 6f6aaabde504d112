import type { FastifyRequest } from "fastify";
import type { Origin } from "../auth/origin.ts";

const MAXIMUM_USER_AGENT = 512;

/** The address of the connection: forwarded-for headers are claims, and nobody is trusted to make them yet. */
export function originOf(request: FastifyRequest): Origin {
  const userAgent = request.headers["user-agent"]?.slice(0, MAXIMUM_USER_AGENT);
  return { ipAddress: request.ip, userAgent: userAgent ?? null };
}
