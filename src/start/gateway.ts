import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { AuditLog } from "../auth/audit/audit.ts";
import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { type Auth, createAuth, type World } from "../auth/auth.ts";
import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { RevocationFeedParts } from "../auth/revocations/revocation-feed.ts";
import { createAccountLinks } from "../auth/users/account-links.ts";
import type { Config } from "../config/config.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import { createSecureRandom } from "../core/random.ts";
import { createMigrationCheck } from "../database/applied-migrations.ts";
import type { Database } from "../database/database.ts";
import { openListeningConnection } from "../database/listening-connection.ts";
import { openDatabase } from "../database/open-database.ts";
import { isDatabaseUnavailable } from "../database/unavailable.ts";
import { createWritingCheck } from "../database/writing-check.ts";
import { createPublicErrors, type PublicErrors } from "../graphql/public-errors.ts";
import { limitAuthGraph } from "../graphql/schema.ts";
import type { ServedGraph } from "../graphql/served-graph.ts";
import { createApp } from "../http/app.ts";
import { bodyTokens, type CreateRefreshTokens, chosenTokens, cookieTokens } from "../http/graphql/refresh-token-carriers.ts";
import type { Readiness } from "../http/health.ts";
import type { OutboxPage } from "../http/pages/outbox-page.ts";
import { problemOf } from "../telemetry/logger.ts";
import { createMetrics, type Metrics } from "../telemetry/metrics.ts";
import type { Tracing } from "../telemetry/tracing.ts";
import { createWebhookCalls } from "../webhooks/webhook-calls.ts";
import { choresOf } from "./chores.ts";
import { closeApp, closeConnectionsWhenAnswered, patienceAfter } from "./drain.ts";
import { ensureFirstAdmin } from "./ensure-first-admin.ts";
import { openServedGraph } from "./graphs/served-graph.ts";
import { createHashing } from "./hashing.ts";
import { openHooks } from "./hooks.ts";
import { limitFactorOf, logLimitStoreChange, logRefusals } from "./limits.ts";
import { openOutbox } from "./messages/outbox.ts";
import { chooseOtherIssuers, logIssuerChange } from "./other-issuers.ts";
import { type Prepared, prepare } from "./prepared.ts";
import { openReplica } from "./read-replica.ts";
import { createReadiness } from "./readiness.ts";
import { serviceNamesOf } from "./service-names.ts";
import { chooseKeys } from "./signing-keys.ts";
import { createTelemetry, type Telemetry } from "./telemetry.ts";
import { createDatabaseOutage, createFailureLog, createReplicaOutage, createWorkLog } from "./upkeep/failure-log.ts";
import { createRemovedRolesCheck } from "./upkeep/removed-roles.ts";
import { startUpkeep, type Wait } from "./upkeep/upkeep.ts";

export interface Gateway {
  readonly app: FastifyInstance;
  readonly auth: Auth;
  /** Goes on answering, and says at `/readyz` that nothing more should come. */
  startDraining(): void;
  /** Answers what is under way, then lets go of the database. The signal cuts off what has not been answered. */
  close(hurry?: AbortSignal): Promise<void>;
}

/** What the configuration does not say, or what tests replace. */
export interface GatewayParts {
  readonly databaseUrl: string;
  readonly secrets: readonly [string, ...string[]];
  readonly logger: Logger;
  readonly clock?: Clock;
  /** What outages are measured with. */
  readonly stopwatch?: () => number;
  readonly passwordEngine?: PasswordEngine;
  /** So many times as much as the product's own limits: absent, what the environment says. */
  readonly limitFactor?: number;
  /** What answers later than this counts as away. */
  readonly redisDeadlineMilliseconds?: number;
  readonly metrics?: Metrics;
  readonly tracing?: Tracing | undefined;
  /** Between two runs of a chore. */
  readonly wait?: Wait | undefined;
  /** Shared by several gateways in one process. */
  readonly prepared?: Prepared;
}

/** On a database that has been migrated: reads keys and revocations, and builds the HTTP side, not yet listening. */
export async function createGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const opened: (() => Promise<unknown>)[] = [];
  try {
    return await openGateway(config, parts, (close) => opened.unshift(close));
  } catch (error) {
    // A database that is told of our end logs no lost connections.
    for (const close of opened) await close().catch(() => undefined);
    throw error;
  }
}

/** `onFailure` hears what has to be closed where it gets no further. */
async function openGateway(config: Config, parts: GatewayParts, onFailure: (close: () => Promise<unknown>) => void): Promise<Gateway> {
  const { databaseUrl, logger, clock = systemClock, metrics = createMetrics() } = parts;
  const limitFactor = parts.limitFactor ?? limitFactorOf(config);
  const { graph: guardedGraph, commonPasswords } = parts.prepared ?? (await prepare());
  const authGraph = limitAuthGraph(guardedGraph, config.limits, limitFactor);
  const telemetry = createTelemetry(metrics, parts.tracing);
  const { instrumentPool: instrument } = telemetry;
  const { database, close: closeDatabase } = openDatabase({ ...config.database, url: databaseUrl, instrument });
  onFailure(closeDatabase);
  const outages = { logger, stopwatch: parts.stopwatch ?? (() => performance.now()) };
  const databaseOutage = createDatabaseOutage(outages);
  const replicaOutage = createReplicaOutage(outages);
  const { replica, closeReplica } = openReplica(config, { database, instrument, onAnswer: replicaOutage.worked });
  onFailure(closeReplica);
  const failureLog = createFailureLog(outages, { database: databaseOutage, replica: replicaOutage });
  const workLog = createWorkLog(outages, { database: databaseOutage, calls: failureLog });
  const outbox = await openOutbox(config, { ...parts, database, clock, workLog, outages, onOutcome: telemetry.countMessage });
  const hooks = await openHooks(config, logger);
  const log = telemetry.instrumentLog(passEvents(logger, [outbox, hooks]));
  const { engine, queue } = await createHashing(config.hashing, { engine: parts.passwordEngine, logger });
  const hashing = { engine: telemetry.instrumentEngine(engine), queue };
  const onRefusal = telemetry.countRefusals(logRefusals(logger));
  const openParts = { ...parts, database, replica, clock, hashing, commonPasswords, log, onRefusal, hooks: hooks.deciding };
  const auth = await openAuth(config, openParts);
  onFailure(auth.close);
  await ensureFirstAdmin(config, { ...parts, database, clock, hashing, log });
  telemetry.watch({ ...auth, hashingQueue: queue, outbox });
  let isDraining = false;
  const checkReadiness = createReadiness({ ...createChecks(database), ...auth, isDraining: () => isDraining });
  const logUnexpected = failureLog.failed;
  const publicErrors = createPublicErrors({ isUnavailable: isDatabaseUnavailable, logUnexpected, newRequestId: randomUUID });
  const graphParts = { ...telemetry, limitFactor, authGraph, auth, clock, outages, logger, publicErrors };
  const { graph, close: closeGraph } = await openServedGraph(config, graphParts);
  const httpParts = { ...graphParts, graph, logUnexpected, metrics, telemetry, checkReadiness, outboxPage: outbox.page };
  const app = await createHttpSide(config, httpParts);
  const checkRoles = createRemovedRolesCheck(auth.directory, { roles: config.roles, logger, onCount: telemetry.countRemovedRoles });
  const upkeep = startUpkeep(choresOf(auth, outbox, checkRoles), { log: workLog, onRun: telemetry.countChore, wait: parts.wait });
  outbox.start();
  return {
    app,
    auth,
    startDraining() {
      isDraining = true;
      closeConnectionsWhenAnswered(app);
    },
    async close(hurry) {
      isDraining = true;
      await closeApp(app, { patienceSeconds: patienceAfter(config.drainDelaySeconds), ...(hurry && { hurry }) });
      await closeGraph();
      await Promise.all([upkeep.stop(), outbox.stop(hurry), hooks.stop()]);
      await auth.close();
      await Promise.all([closeDatabase(), closeReplica()]);
    },
  };
}

const createChecks = (database: Database) => ({ isMigrated: createMigrationCheck(database), proveWritable: createWritingCheck(database) });

/** The log, and who else is to know. */
function passEvents(logger: Logger, listeners: readonly { heed(event: AuditEvent): void }[]): AuditLog {
  return (level, { requestId, ...event }) => {
    logger[level]({ requestId, event }, event.type);
    for (const listener of listeners) listener.heed(event);
  };
}

type AuthParts = Pick<GatewayParts, "databaseUrl" | "secrets" | "logger" | "redisDeadlineMilliseconds"> &
  Pick<World, "database" | "replica" | "clock" | "hashing" | "commonPasswords" | "log" | "hooks" | "onRefusal">;

async function openAuth(config: Config, { databaseUrl, secrets, logger, redisDeadlineMilliseconds, ...world }: AuthParts): Promise<Auth> {
  // Asked at the start, and of no call.
  await world.database.$isSpread();
  const directUrl = config.database.directUrl ?? databaseUrl;
  return createAuth(
    {
      ...world,
      random: createSecureRandom(),
      messagesOf: createWebhookCalls(config.webhooks),
      openListeningConnection: (channel, hear) => openListeningConnection(directUrl, channel, hear),
      stopwatch: () => performance.now(),
      onFeedChange: logFeedChange(logger),
      onLimitStoreChange: logLimitStoreChange(logger),
      onIssuerChange: logIssuerChange(logger),
    },
    {
      accessTokens: { ...config.tokens, ttlSeconds: config.tokens.accessTokenTtlSeconds, roles: config.roles },
      otherIssuers: chooseOtherIssuers(config),
      sessions: { ...config.sessions, accessTokenTtlSeconds: config.tokens.accessTokenTtlSeconds },
      accounts: {
        ...config.accounts,
        canMail: config.mail.smtp !== undefined || config.environment !== "production",
        links: createAccountLinks(config.http.publicUrl, config.mail.links),
        notices: config.mail.notices,
        serviceNames: serviceNamesOf(config),
      },
      secrets,
      revocationMaxLagSeconds: config.revocationMaxLagSeconds,
      redisUrl: config.redisUrl,
      redisDeadlineMilliseconds,
      tellsSetting: config.environment !== "production",
      purge: { auditRetentionSeconds: config.auditRetentionSeconds },
      createKeys: chooseKeys(config.tokens, secrets),
    },
  );
}

function logFeedChange(logger: Logger): RevocationFeedParts["onChange"] {
  return (change) => {
    if (change.connected) logger.info("the revocation feed is back");
    else
      logger.warn(
        { problem: problemOf(change.error) },
        "the revocation feed is out of reach; access tokens will be checked against the database",
      );
  };
}

interface HttpSideParts {
  readonly graph: ServedGraph;
  readonly auth: Auth;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publicErrors: PublicErrors;
  logUnexpected(error: unknown, requestId: string): void;
  readonly metrics: Metrics;
  readonly telemetry: Telemetry;
  checkReadiness(): Promise<Readiness>;
  readonly outboxPage: OutboxPage | undefined;
}

async function createHttpSide(config: Config, parts: HttpSideParts): Promise<FastifyInstance> {
  const { metrics, telemetry } = parts;
  const usesCookies = config.sessions.carrier !== "body";
  const createRefreshTokens = refreshTokensBy(config.sessions);
  const isProduction = config.environment === "production";
  const { registry } = metrics;
  const isMetricsPublic = !isProduction && config.telemetry.metricsPort === undefined;
  const metricsPage = isMetricsPublic ? { contentType: registry.contentType, read: () => registry.metrics() } : undefined;
  const { requestObserver } = telemetry;
  return createApp(
    { ...parts, createRefreshTokens, requestObserver, metricsPage },
    {
      ...config.http,
      isProduction,
      usesCookies,
      trustsListOnly: config.http.trustedDocumentsFile !== undefined,
      pageFacts: { service: config.service.name, appUrl: config.service.appUrl },
    },
  );
}

function refreshTokensBy({ carrier, cookie }: Config["sessions"]): CreateRefreshTokens {
  if (carrier === "body") return bodyTokens;
  return carrier === "cookie" ? cookieTokens(cookie) : chosenTokens(cookie);
}
