import { randomUUID } from "node:crypto";
import cookie from "@fastify/cookie";
import cors from "@fastify/cors";
import { type FastifyInstance, fastify } from "fastify";
import type { AllowedOrigins } from "./browsers/allowed-origins.ts";
import { refuseForeignPages } from "./browsers/cross-site-requests.ts";
import { allowSandbox, chooseSecurityHeaders, createSecurityHeaders } from "./browsers/security-headers.ts";
import { createClientAddressOf } from "./client-address.ts";
import { createClientErrorHandler, refuseExpectations } from "./client-errors.ts";
import { connectionLimits, limitConnections } from "./connection-limits.ts";
import { answerErrorsAsGraphql, refuse } from "./errors.ts";
import { createAcceptReader } from "./graphql/answer-types.ts";
import { acceptDocumentIds } from "./graphql/document-ids.ts";
import { type GraphqlEndpointParts, serveGraphql } from "./graphql/graphql-endpoint.ts";
import { readJsonStrictly } from "./graphql/json-bodies.ts";
import { checkRequests } from "./graphql/request-checks.ts";
import { type Readiness, serveHealth } from "./health.ts";
import { serveJwks } from "./jwks.ts";
import { type MetricsPage, serveMetrics } from "./metrics-endpoint.ts";
import { observeRequests, type RequestObserver } from "./observe-requests.ts";
import { serveAccountPages } from "./pages/account-pages.ts";
import type { PageFacts } from "./pages/fill-page.ts";
import { type OutboxPage, serveOutboxPage } from "./pages/outbox-page.ts";
import { serveStartPage } from "./pages/start-page.ts";
import { trackAnswers } from "./unfinished-answers.ts";
import { serveWebSockets } from "./websocket/websockets.ts";

/** The origins of Apollo Sandbox: hosted, and embedded in other pages. */
const sandboxOrigins = ["https://studio.apollographql.com", "https://sandbox.embed.apollographql.com"];
const MAXIMUM_BODY_BYTES = 100 * 1024;

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
  /** Whether only documents of a list are served. */
  readonly trustsListOnly: boolean;
  readonly maximumConnections: number;
  /** The facts that the account pages show of the service. */
  readonly pageFacts: PageFacts;
}

export interface AppParts extends GraphqlEndpointParts {
  logUnexpected(error: unknown, requestId: string): void;
  checkReadiness(): Promise<Readiness>;
  readonly requestObserver: RequestObserver;
  /** Present where `/metrics` stands on this port. */
  readonly metricsPage: MetricsPage | undefined;
  /** Present in development without a mail server. */
  readonly outboxPage: OutboxPage | undefined;
}

/** The HTTP side, not yet listening. */
export async function createApp(parts: AppParts, options: AppOptions): Promise<FastifyInstance> {
  const landingPage = !options.isProduction;
  const securityHeaders = chooseSecurityHeaders({ isOverHttps: options.isProduction && options.publicUrl.startsWith("https:") });
  const setSecurityHeaders = createSecurityHeaders(securityHeaders);
  const app = fastify({
    bodyLimit: MAXIMUM_BODY_BYTES,
    ...connectionLimits,
    // Requests on a connection that is open are answered until the end.
    return503OnClosing: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: createClientErrorHandler(securityHeaders, () => answers),
    frameworkErrors: (_error, request, reply) => {
      reply.header("x-request-id", request.id);
      setSecurityHeaders(reply);
      return refuse(reply, { status: 400, problem: "Has a path that cannot be decoded." });
    },
  });
  const answers = trackAnswers(app.server);
  observeRequests(app, { observer: parts.requestObserver, logger: parts.logger });
  limitConnections(app, options.maximumConnections);
  refuseExpectations(app.server, securityHeaders);
  const readAccept = createAcceptReader();
  checkRequests(app, { setSecurityHeaders, readAccept });
  answerErrorsAsGraphql(app, parts.logUnexpected);
  readJsonStrictly(app);
  const origins = options.isProduction ? options.corsOrigins : [...options.corsOrigins, ...sandboxOrigins];
  // Hooks that run on every request are paid for only where they do something.
  if (origins.length > 0) await allowOrigins(app, origins);
  const allowed = { origins: new Set([...origins, new URL(options.publicUrl).origin]), allowsOwnHost: !options.isProduction };
  if (options.usesCookies) await useCookies(app, allowed);
  if (options.trustsListOnly) acceptDocumentIds(app);
  if (landingPage) allowSandbox(app);
  const clientAddressOf = createClientAddressOf({ ...options, onUnlistedProxy: (...peer) => warnOfUnlistedProxy(parts.logger, ...peer) });
  await serveGraphql(app, parts, { introspection: options.introspection, landingPage, clientAddressOf, readAccept });
  serveWebSockets(app, parts, { allowed, securityHeaders, answers, clientAddressOf });
  serveJwks(app, parts.auth.signingKeys);
  serveAccountPages(app, options.pageFacts);
  serveHealth(app, parts.checkReadiness);
  if (parts.metricsPage !== undefined) serveMetrics(app, parts.metricsPage);
  if (parts.outboxPage !== undefined) serveOutboxPage(app, parts.outboxPage, options);
  if (landingPage) serveStartPage(app, { ...options, showsOutbox: parts.outboxPage !== undefined });
  return app;
}

/** Warns of a proxy that is not listed: everybody behind it shares every limit. */
function warnOfUnlistedProxy(logger: AppParts["logger"], peer: string, isPrivate: boolean): void {
  const setting = `set TRUSTED_PROXIES=${peer} (or its network): until then everybody behind it counts as one caller`;
  const advice = isPrivate
    ? `if it is a proxy of yours, ${setting}`
    : `anybody can send that, so it may be a stranger: only if the address is that of a proxy of yours, ${setting}`;
  logger.warn({ peer }, `a request says where it came from, sent by ${peer}, which TRUSTED_PROXIES does not list; ${advice}`);
}

async function useCookies(app: FastifyInstance, allowed: AllowedOrigins): Promise<void> {
  await app.register(cookie);
  refuseForeignPages(app, allowed);
}

async function allowOrigins(app: FastifyInstance, origins: readonly string[]): Promise<void> {
  const exposedHeaders = ["x-request-id", "retry-after"];
  await app.register(cors, { origin: [...origins], credentials: true, methods: ["GET", "POST"], exposedHeaders, maxAge: 600 });
}
