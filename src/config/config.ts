import { findConflicts } from "./environment/config-rules.ts";
import { completeConnectionStrings } from "./environment/connection-strings.ts";
import { type DatabaseConfig, toDatabaseConfig } from "./environment/database-config.ts";
import { type Environment, readVariables } from "./environment/environment.ts";
import type { VariableValues } from "./environment/variables.ts";
import { readWebhookSecrets } from "./environment/webhook-secrets.ts";
import { type ConfigFile, parseConfigFile } from "./file/config-file.ts";
import type { FileSections } from "./file/sections.ts";
import { ConfigError, type ConfigProblem } from "./values/config-error.ts";
import type { Mailbox } from "./values/mailboxes.ts";
import type { SmtpServer } from "./values/smtp.ts";

/** The whole configuration, parsed and coherent. */
export interface Config extends FileSections {
  readonly environment: "development" | "production";
  readonly http: HttpConfig;
  readonly database: DatabaseConfig;
  /** Newest first. Undefined in development only: the caller makes one and keeps it in `.data/`. */
  readonly secrets: readonly string[] | undefined;
  readonly tokens: TokenConfig;
  readonly sessions: SessionConfig;
  readonly hashing: HashingConfig;
  readonly accounts: AccountConfig;
  readonly service: ServiceConfig;
  readonly mail: MailConfig;
  /** Those that stand in variables, by the variables' names. */
  readonly webhookSecrets: ReadonlyMap<string, string>;
  readonly revocationMaxLagSeconds: number;
  readonly auditRetentionSeconds: number;
  /** As written; the account's own rules judge them. */
  readonly firstAdmin: { readonly email: string; readonly password: string } | undefined;
  /** Undefined: calls are counted in PostgreSQL and in memory. */
  readonly redisUrl: string | undefined;
  /** Processes that serve. */
  readonly workers: number | "max";
  /** How long it goes on serving after the order to stop. */
  readonly drainDelaySeconds: number;
  readonly telemetry: TelemetryConfig;
  readonly logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  readonly logFormat: "pretty" | "json";
}

export interface HttpConfig {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** An origin, without slash at the end. */
  readonly publicUrl: string;
  readonly corsOrigins: readonly string[];
  /** IP addresses and networks. */
  readonly trustedProxies: readonly string[];
  readonly introspection: boolean;
  /** Undefined: any document. */
  readonly trustedDocumentsFile: string | undefined;
  readonly maximumConnections: number;
}

/** Whose accounts these are, for people. */
export interface ServiceConfig {
  readonly name: string;
  /** Undefined: pages have no link back. */
  readonly appUrl: string | undefined;
}

export interface TelemetryConfig {
  /** Undefined: on the public port in development, nowhere in production. 0: any free port. */
  readonly metricsPort: number | undefined;
  /** Undefined: no traces. */
  readonly otlpEndpoint: string | undefined;
}

export interface TokenConfig {
  readonly algorithm: "ES256" | "RS256" | "HS256";
  /** Newest first; empty unless the algorithm is HS256. */
  readonly sharedSecrets: readonly string[];
  readonly signingKeyFile: string | undefined;
  readonly signingKeyRotationSeconds: number;
  readonly issuer: string;
  readonly audience: string;
  readonly accessTokenTtlSeconds: number;
}

export interface SessionConfig {
  readonly idleTtlSeconds: number;
  readonly maxTtlSeconds: number;
  readonly refreshGraceSeconds: number;
  readonly maximumPerUser: number;
  readonly carrier: "body" | "cookie" | "both";
  readonly cookie: { readonly sameSite: "Strict" | "Lax" | "None"; readonly secure: boolean };
}

export interface AccountConfig {
  readonly emailVerification: "off" | "optional" | "required";
  readonly deletionGraceSeconds: number;
}

export interface MailConfig extends Omit<FileSections["mail"], "from"> {
  /** Undefined: in development messages are kept and shown, in production there are none. */
  readonly smtp: SmtpServer | undefined;
  readonly from: Mailbox;
}

export interface HashingConfig {
  /** Of argon2id. */
  readonly parameters: { readonly memoryKibibytes: number; readonly iterations: number; readonly parallelism: number };
  /** Undefined: as many as this machine has cores and `threads` has room for. */
  readonly concurrency: number | undefined;
  readonly queueCapacity: number;
  /** Of the pool that hashes run on, among other things. */
  readonly threads: number;
  /** A nice value: 0 is everybody's. */
  readonly priority: number;
}

/** What is wrong with what the file names, for whoever may look at it. */
export type Examine = (sections: FileSections) => readonly ConfigProblem[];

/** Pure, as `examine` is. Throws a `ConfigError` that lists every problem of the environment and the file. */
export function parseConfig(env: Environment, file?: ConfigFile, examine: Examine = () => []): Config {
  const completed = completeConnectionStrings(env);
  const read = readVariables(completed.env);
  const { problems, sections } = parseConfigFile(file, surroundingsOf(read.values));
  const { webhookSecrets, problems: secretProblems } = readWebhookSecrets(env, sections.webhooks);
  const allProblems = [
    ...completed.problems,
    ...read.problems,
    ...findConflicts(read),
    ...problems,
    ...secretProblems,
    ...examine(sections),
  ];
  if (allProblems.length > 0) throw new ConfigError(allProblems);
  return { ...toConfig(read.values, sections), webhookSecrets };
}

/**
 * What the file alone says, for whatever needs no server and none of its secrets: no variable has to be set. Throws as `parseConfig` does.
 */
export function parseFileAlone(env: Environment, file?: ConfigFile): FileSections {
  const { problems, sections } = parseConfigFile(file, surroundingsOf(readVariables(env).values));
  if (problems.length > 0) throw new ConfigError(problems);
  return sections;
}

function surroundingsOf(values: VariableValues) {
  return { ourIssuer: issuerOf(values), inProduction: values.NODE_ENV === "production" };
}

function publicUrlOf(values: VariableValues): string {
  return values.PUBLIC_URL ?? `http://localhost:${values.PORT}`;
}

function issuerOf(values: VariableValues): string {
  return values.ISSUER ?? publicUrlOf(values);
}

function toConfig(values: VariableValues, sections: FileSections): Omit<Config, "webhookSecrets"> {
  return {
    environment: values.NODE_ENV,
    http: {
      port: values.PORT,
      host: values.HOST,
      publicUrl: publicUrlOf(values),
      corsOrigins: values.CORS_ORIGINS ?? [],
      trustedProxies: values.TRUSTED_PROXIES ?? [],
      introspection: values.INTROSPECTION,
      trustedDocumentsFile: values.TRUSTED_DOCUMENTS,
      maximumConnections: values.MAX_CONNECTIONS,
    },
    database: toDatabaseConfig(values),
    secrets: values.SECRET,
    tokens: toTokenConfig(values, issuerOf(values)),
    sessions: {
      idleTtlSeconds: values.SESSION_IDLE_TTL,
      maxTtlSeconds: values.SESSION_MAX_TTL,
      refreshGraceSeconds: values.REFRESH_GRACE,
      maximumPerUser: values.SESSIONS_PER_USER,
      carrier: values.REFRESH_TOKEN_CARRIER,
      cookie: { sameSite: values.REFRESH_COOKIE_SAME_SITE, secure: values.REFRESH_COOKIE_SECURE },
    },
    hashing: toHashingConfig(values),
    accounts: { emailVerification: values.EMAIL_VERIFICATION, deletionGraceSeconds: values.ACCOUNT_DELETION_GRACE },
    revocationMaxLagSeconds: values.REVOCATION_MAX_LAG,
    auditRetentionSeconds: values.AUDIT_RETENTION,
    firstAdmin:
      values.ADMIN_EMAIL === undefined || values.ADMIN_PASSWORD === undefined
        ? undefined
        : { email: values.ADMIN_EMAIL, password: values.ADMIN_PASSWORD },
    ...sections,
    ...toServiceAndMail(values, sections.mail),
    redisUrl: values.REDIS_URL,
    workers: values.WORKERS,
    drainDelaySeconds: values.DRAIN_DELAY,
    telemetry: { metricsPort: values.METRICS_PORT, otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT },
    logLevel: values.LOG_LEVEL,
    logFormat: values.LOG_FORMAT,
  };
}

function toServiceAndMail(values: VariableValues, settings: FileSections["mail"]): Pick<Config, "service" | "mail"> {
  const mail = toMailConfig(values, settings);
  const name = values.SERVICE_NAME ?? mail.from.name ?? new URL(publicUrlOf(values)).host;
  return { service: { name, appUrl: values.APP_URL }, mail };
}

function toMailConfig(values: VariableValues, settings: FileSections["mail"]): MailConfig {
  const fallback = { name: undefined, address: `no-reply@${new URL(publicUrlOf(values)).hostname}` };
  return { ...settings, smtp: values.SMTP_URL, from: values.MAIL_FROM ?? settings.from ?? fallback };
}

function toHashingConfig(values: VariableValues): HashingConfig {
  return {
    parameters: {
      memoryKibibytes: values.HASHING_MEMORY,
      iterations: values.HASHING_ITERATIONS,
      parallelism: values.HASHING_PARALLELISM,
    },
    concurrency: values.HASHING_CONCURRENCY,
    queueCapacity: values.HASHING_QUEUE,
    threads: values.UV_THREADPOOL_SIZE,
    priority: values.HASHING_PRIORITY,
  };
}

function toTokenConfig(values: VariableValues, issuer: string): TokenConfig {
  return {
    algorithm: values.JWT_ALGORITHM,
    sharedSecrets: values.JWT_SECRET ?? [],
    signingKeyFile: values.SIGNING_KEY_FILE,
    signingKeyRotationSeconds: values.SIGNING_KEY_ROTATION,
    issuer,
    audience: values.AUDIENCE ?? issuer,
    accessTokenTtlSeconds: values.ACCESS_TOKEN_TTL,
  };
}
