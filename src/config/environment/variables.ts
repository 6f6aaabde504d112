import type { z } from "zod";
import { accountVariables } from "./account-variables.ts";
import { databaseVariables } from "./database-variables.ts";
import { hashingVariables } from "./hashing-variables.ts";
import { sessionVariables } from "./session-variables.ts";
import {
  audience,
  corsOrigin,
  duration,
  environmentName,
  flag,
  host,
  issuer,
  list,
  oneOf,
  origin,
  proxy,
  secret,
  sharedSecret,
  text,
  webUrl,
  wholeNumber,
  workers,
} from "./variable-values.ts";

export interface Variable {
  /** One line, for people: the table of docs/reference/configuration.md and `.env.example` are compared with it. */
  readonly description: string;
  /** As it would be written. Absent: no value, or one that depends on others, which `defaultNote` tells. */
  readonly default?: string;
  readonly productionDefault?: string;
  readonly defaultNote?: string;
  readonly example: string;
  readonly value: z.ZodType<unknown, string>;
}

/** Every variable that this version understands. */
export const variables = {
  NODE_ENV: {
    description: "production makes the settings that a deployment needs compulsory; development and test are the same.",
    default: "development",
    example: "production",
    value: environmentName,
  },
  PORT: {
    description: "The port to listen on; 0 takes any free one.",
    default: "4000",
    example: "4000",
    value: wholeNumber({ min: 0, max: 65_535 }),
  },
  HOST: {
    description: "The address to listen on.",
    default: "localhost",
    productionDefault: "0.0.0.0",
    example: "0.0.0.0",
    value: host,
  },
  PUBLIC_URL: {
    description: "Where clients reach this server, as an origin.",
    defaultNote: "http://localhost:<PORT>; required in production",
    example: "https://auth.example.com",
    value: origin,
  },
  WORKERS: {
    description: "How many processes serve; max starts one for each core.",
    default: "1",
    example: "max",
    value: workers({ most: 256 }),
  },
  DRAIN_DELAY: {
    description: "How long a server that was told to stop goes on serving with /readyz at 503, so that load balancers notice.",
    default: "0s",
    productionDefault: "5s",
    example: "5s",
    value: duration({ min: "0s", max: "5m" }),
  },
  METRICS_PORT: {
    description: "The port that /metrics stands on; it is then nowhere else.",
    defaultNote: "on PORT; nowhere in production",
    example: "9464",
    value: wholeNumber({ min: 0, max: 65_535 }),
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    description: "Where traces are sent (OpenTelemetry, OTLP over HTTP).",
    defaultNote: "no traces",
    example: "http://collector.example.com:4318",
    value: webUrl,
  },
  CORS_ORIGINS: {
    description: "Web origins that may call from a browser, comma separated; also those of apps: capacitor://localhost, tauri://localhost.",
    defaultNote: "none",
    example: "https://app.example.com,https://admin.example.com",
    value: list(corsOrigin).transform((origins) => [...new Set(origins)]),
  },
  TRUSTED_PROXIES: {
    description: "Addresses and networks of the proxies whose X-Forwarded-For is believed, comma separated.",
    defaultNote: "none",
    example: "10.0.0.0/8,fd00::/8",
    value: list(proxy).transform((proxies) => [...new Set(proxies)]),
  },
  INTROSPECTION: {
    description: "Whether clients may read the GraphQL schema: by introspection, `_sdl` and `_service`.",
    default: "true",
    productionDefault: "false",
    example: "false",
    value: flag,
  },
  TRUSTED_DOCUMENTS: {
    description: "A file with the only documents that clients may have executed; see docs/guides/documents.md.",
    defaultNote: "none: clients may send any document",
    example: "/etc/auth-gateway/persisted-documents.json",
    value: text,
  },
  MAX_CONNECTIONS: {
    description: "The most connections that one process holds, WebSockets included; what comes beyond is closed at once.",
    default: "10000",
    example: "10000",
    value: wholeNumber({ min: 1, max: 1_000_000 }),
  },
  ...databaseVariables,
  SECRET: {
    description: "Encrypts what must not be readable in the database; several values comma separated, newest first.",
    defaultNote: "one made at the first start and kept in .data/; required in production",
    example: "the output of `openssl rand -base64 48`",
    value: list(secret),
  },
  JWT_ALGORITHM: {
    description: "How access tokens are signed: ES256, RS256 or HS256.",
    default: "ES256",
    example: "ES256",
    value: oneOf(["ES256", "RS256", "HS256"]),
  },
  JWT_SECRET: {
    description: "The key shared with every verifier, for HS256 only; several values comma separated, newest first.",
    defaultNote: "none; required with HS256",
    example: "the output of `openssl rand -base64 48`",
    value: list(sharedSecret),
  },
  SIGNING_KEY_FILE: {
    description: "A file with your own private signing key (JWK or PEM), for ES256 and RS256; it is never rotated for you.",
    defaultNote: "keys made and kept in the database",
    example: "/run/secrets/signing-key.pem",
    value: text,
  },
  SIGNING_KEY_ROTATION: {
    description: "How often a new signing key takes over.",
    default: "90d",
    example: "90d",
    value: duration({ min: "1h", max: "3650d" }),
  },
  ISSUER: {
    description: "The `iss` of access tokens.",
    defaultNote: "PUBLIC_URL",
    example: "https://auth.example.com",
    value: issuer,
  },
  AUDIENCE: {
    description: "The `aud` of access tokens: the API that they are for.",
    defaultNote: "ISSUER",
    example: "https://api.example.com",
    value: audience,
  },
  ACCESS_TOKEN_TTL: {
    description: "How long an access token is good for.",
    default: "15m",
    example: "15m",
    // Up to a day, because every process keeps the revocations of that long in memory. Production has a higher floor: see config-rules.ts.
    value: duration({ min: "5s", max: "24h" }),
  },
  ...sessionVariables,
  REVOCATION_MAX_LAG: {
    description: "When nothing was heard of revocations for this long, access tokens are checked against the database.",
    default: "5s",
    example: "5s",
    value: duration({ min: "1s", max: "1m" }),
  },
  ...hashingVariables,
  ...accountVariables,
  AUDIT_RETENTION: {
    description: "How long audit events are kept.",
    default: "365d",
    example: "365d",
    value: duration({ min: "1d", max: "36500d" }),
  },
  ADMIN_EMAIL: {
    description: "The first admin's address: the account is made at the start where there is no admin yet.",
    defaultNote: "none",
    example: "ada@example.com",
    value: text,
  },
  ADMIN_PASSWORD: {
    description: "The first admin's password; never used to overwrite one.",
    defaultNote: "none; required with ADMIN_EMAIL",
    example: "a sentence that nobody else would think of",
    value: text,
  },
  LOG_LEVEL: {
    description: "The least severe log entries to write: fatal, error, warn, info, debug, trace or silent.",
    default: "info",
    example: "debug",
    value: oneOf(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
  },
  LOG_FORMAT: {
    description: "How the log is written: pretty for people, json for programs.",
    default: "pretty",
    productionDefault: "json",
    example: "json",
    value: oneOf(["pretty", "json"]),
  },
  GATEWAY_CONFIG: {
    description: "The configuration file: roles, limits, upstreams, and the other sections of gateway.yaml.",
    defaultNote: "gateway.yaml, if there is one",
    example: "/etc/auth-gateway/gateway.yaml",
    value: text,
  },
} as const satisfies Readonly<Record<string, Variable>>;

export type VariableName = keyof typeof variables;

/** A variable without default is undefined when it is not set. */
export type VariableValues = {
  readonly [Name in VariableName]:
    | z.output<(typeof variables)[Name]["value"]>
    | ((typeof variables)[Name] extends { default: string } ? never : undefined);
};
