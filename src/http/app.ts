import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import { type FastifyInstance, fastify } from "fastify";
import { answerErrorsAsGraphql } from "./errors.ts";
import { type GraphqlEndpointParts, serveGraphql } from "./graphql-endpoint.ts";
import { serveJwks } from "./jwks.ts";

/** Where Apollo Sandbox runs: hosted, and embedded in other pages. */
const sandboxOrigins = ["https://studio.apollographql.com", "https://sandbox.embed.apollographql.com"];
const MAXIMUM_BODY_BYTES = 100 * 1024;

export interface AppOptions {
  readonly isProduction: boolean;
  readonly introspection: boolean;
  /** Origins of browser clients, credentials included. */
  readonly corsOrigins: readonly string[];
}

/** The HTTP side, not yet listening. */
export async function createApp(
  parts: GraphqlEndpointParts & { logUnexpected(error: unknown, requestId: string): void },
  options: AppOptions,
): Promise<FastifyInstance> {
  const app = fastify({ bodyLimit: MAXIMUM_BODY_BYTES, genReqId: () => randomUUID(), trustProxy: false });
  answerErrorsAsGraphql(app, parts.logUnexpected);
  const origin = options.isProduction ? [...options.corsOrigins] : [...options.corsOrigins, ...sandboxOrigins];
  await app.register(cors, { origin, credentials: true, methods: ["GET", "POST"], exposedHeaders: ["x-request-id"], maxAge: 600 });
  await app.register(cookie);
  const landingPage = !options.isProduction;
  await serveGraphql(app, parts, { introspection: options.introspection, landingPage });
  serveJwks(app, parts.auth.signingKeys);
  if (landingPage) app.get("/", (_request, reply) => reply.redirect("/graphql"));
  return app;
}
