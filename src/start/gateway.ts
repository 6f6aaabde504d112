import { randomUUID } from "node:crypto";
import type { FastifyInstance } from "fastify";
import type { Logger } from "pino";
import type { AuditEvent } from "../auth/audit/audit-events.ts";
import { type Auth, createAuth } from "../auth/auth.ts";
import { type Clock, systemClock } from "../auth/clock.ts";
import type { PasswordEngine } from "../auth/passwords/password-engine.ts";
import { createSecureRandom } from "../auth/random.ts";
import type { RevocationFeedParts } from "../auth/revocations/revocation-feed.ts";
import { MAINTENANCE_SECONDS } from "../auth/tokens/signing-keys.ts";
import type { Config } from "../config/config.ts";
import { openDatabase } from "../database/database.ts";
import { openListeningConnection } from "../database/listening-connection.ts";
import { migrateDatabase } from "../database/migrate.ts";
import { isDatabaseUnavailable } from "../database/unavailable.ts";
import { createPublicErrors } from "../graphql/public-errors.ts";
import type { AuthGraph } from "../graphql/schema.ts";
import { createApp } from "../http/app.ts";
import { bodyCarrier, cookieCarrier } from "../http/refresh-token-carriers.ts";
import { ensureFirstAdmin } from "./ensure-first-admin.ts";
import { createHashing } from "./hashing.ts";
import { buildLimitedGraph, logLimitStoreChange } from "./limits.ts";
import { chooseKeys } from "./signing-keys.ts";
import { type Chore, startUpkeep } from "./upkeep.ts";

/** What has not been answered this long after the order to stop is cut off. */
const DRAIN_MILLISECONDS = 8000;

const FORGET_SECONDS = 60;
const PURGE_SECONDS = 300;

export interface Gateway {
  readonly app: FastifyInstance;
  readonly auth: Auth;
  /** Answers what is under way, then lets go of the database. */
  close(): Promise<void>;
}

/** What the configuration does not say, or what tests replace. */
export interface GatewayParts {
  readonly databaseUrl: string;
  readonly secrets: readonly [string, ...string[]];
  readonly logger: Logger;
  readonly clock?: Clock;
  readonly passwordEngine?: PasswordEngine;
}

/** Migrates, reads keys and revocations, and builds the HTTP side, not yet listening. */
export async function createGateway(config: Config, parts: GatewayParts): Promise<Gateway> {
  const { databaseUrl, logger, clock = systemClock } = parts;
  const graph = await buildLimitedGraph(config.limits);
  const directUrl = config.database.directUrl ?? databaseUrl;
  await migrateDatabase(directUrl);
  const { database, close: closeDatabase } = openDatabase({ url: databaseUrl, poolSize: config.database.poolSize });
  const log = (level: "info" | "warn", event: AuditEvent) => logger[level]({ event }, event.type);
  const hashing = await createHashing(config.hashing, parts.passwordEngine);
  const auth = await createAuth(
    {
      database,
      clock,
      random: createSecureRandom(),
      hashing,
      log,
      openListeningConnection: (channel, hear) => openListeningConnection(directUrl, channel, hear),
      stopwatch: () => performance.now(),
      onFeedChange: logFeedChange(logger),
      onLimitStoreChange: logLimitStoreChange(logger),
    },
    {
      accessTokens: { ...config.tokens, ttlSeconds: config.tokens.accessTokenTtlSeconds, roles: config.roles },
      sessions: { ...config.sessions, accessTokenTtlSeconds: config.tokens.accessTokenTtlSeconds },
      revocationMaxLagSeconds: config.revocationMaxLagSeconds,
      redisUrl: config.redisUrl,
      purge: { auditRetentionSeconds: config.auditRetentionSeconds },
      createKeys: chooseKeys(config.tokens, parts.secrets),
    },
  );
  await ensureFirstAdmin(config, { database, clock, hashing, log, logger });
  const app = await createHttpSide(config, { graph, auth, clock, logger });
  const upkeep = startUpkeep(choresOf(auth), logger);
  async function close(): Promise<void> {
    const deadline = setTimeout(() => app.server.closeAllConnections(), DRAIN_MILLISECONDS);
    await app.close();
    clearTimeout(deadline);
    await upkeep.stop();
    await auth.close();
    await closeDatabase();
  }
  return { app, auth, close };
}

function choresOf(auth: Auth): Chore[] {
  return [
    { name: "signing keys", everySeconds: MAINTENANCE_SECONDS, run: () => auth.signingKeys.maintain() },
    { name: "expired revocations", everySeconds: FORGET_SECONDS, run: async () => auth.revocations.forgetExpired() },
    { name: "purge", everySeconds: PURGE_SECONDS, run: auth.purge },
  ];
}

function logFeedChange(logger: Logger): RevocationFeedParts["onChange"] {
  return (change) => {
    if (change.connected) logger.info("the revocation feed is back");
    else logger.warn({ err: change.error }, "the revocation feed is out of reach; access tokens will be checked against the database");
  };
}

async function createHttpSide(
  config: Config,
  parts: { graph: AuthGraph; auth: Auth; clock: Clock; logger: Logger },
): Promise<FastifyInstance> {
  const { logger } = parts;
  const logUnexpected = (err: unknown, requestId: string) => logger.error({ err, requestId }, "unexpected error");
  const publicErrors = createPublicErrors({ isUnavailable: isDatabaseUnavailable, logUnexpected, newRequestId: randomUUID });
  const usesCookies = config.sessions.carrier === "cookie";
  const createCarrier = usesCookies ? cookieCarrier({ sameSite: config.sessions.cookieSameSite }) : bodyCarrier;
  return createApp(
    { ...parts, publicErrors, createCarrier, logUnexpected },
    { ...config.http, isProduction: config.environment === "production", usesCookies },
  );
}
