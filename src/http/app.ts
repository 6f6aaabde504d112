import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import { type FastifyInstance, fastify } from "fastify";
import { answerErrorsAsGraphql, refuse } from "./errors.ts";
import { type GraphqlEndpointParts, serveGraphql } from "./graphql-endpoint.ts";
import { readJsonStrictly } from "./json-bodies.ts";
import { serveJwks } from "./jwks.ts";
import { checkRequests } from "./request-checks.ts";
import { serveWebSockets } from "./websockets.ts";

/** Where Apollo Sandbox runs: hosted, and embedded in other pages. */
const sandboxOrigins = ["https://studio.apollographql.com", "https://sandbox.embed.apollographql.com"];
const MAXIMUM_BODY_BYTES = 100 * 1024;
const REQUEST_TIMEOUT_MILLISECONDS = 10_000;

export interface AppOptions {
  readonly isProduction: boolean;
  readonly introspection: boolean;
  /** Origins of browser clients, credentials included. */
  readonly corsOrigins: readonly string[];
  /** The address that clients know us by. */
  readonly publicUrl: string;
  readonly usesCookies: boolean;
  /** Addresses and networks whose word is taken for where a request came from. */
  readonly trustedProxies: readonly string[];
}

export interface AppParts extends GraphqlEndpointParts {
  logUnexpected(error: unknown, requestId: string): void;
}

/** The HTTP side, not yet listening. */
export async function createApp(parts: AppParts, options: AppOptions): Promise<FastifyInstance> {
  const landingPage = !options.isProduction;
  const app = fastify({
    bodyLimit: MAXIMUM_BODY_BYTES,
    // A request that trickles in is cut, and so cannot hold up a shutdown for longer either.
    requestTimeout: REQUEST_TIMEOUT_MILLISECONDS,
    genReqId: () => randomUUID(),
    trustProxy: options.trustedProxies.length > 0 && [...options.trustedProxies],
    frameworkErrors: (_error, request, reply) => {
      reply.header("x-request-id", request.id);
      return refuse(reply, { status: 400, problem: "Has a path that cannot be decoded." });
    },
  });
  checkRequests(app);
  answerErrorsAsGraphql(app, parts.logUnexpected);
  readJsonStrictly(app);
  const origins = options.isProduction ? options.corsOrigins : [...options.corsOrigins, ...sandboxOrigins];
  // Hooks that run on every request are paid for only where they do something.
  if (origins.length > 0) await allowOrigins(app, origins);
  if (options.usesCookies) await app.register(cookie);
  await serveGraphql(app, parts, { introspection: options.introspection, landingPage });
  serveWebSockets(app, parts, {
    introspection: options.introspection,
    origins: new Set([...origins, new URL(options.publicUrl).origin]),
    allowsOwnHost: !options.isProduction,
  });
  serveJwks(app, parts.auth.signingKeys);
  if (landingPage) app.get("/", (_request, reply) => reply.redirect("/graphql"));
  return app;
}

async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const exposedHeaders = ["x-request-id", "retry-after"];
  await app.register(cors, { origin: [...origins], credentials: true, methods: ["GET", "POST"], exposedHeaders, maxAge: 600 });
}
