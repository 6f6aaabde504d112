import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { otherSecret, problemsOf, production, secret, variablesOf } from "./config-problems.ts";

test("development needs no configuration at all", () => {
  expect(parseConfig({})).toEqual({
    environment: "development",
    http: {
      port: 4000,
      host: "localhost",
      publicUrl: "http://localhost:4000",
      corsOrigins: [],
      trustedProxies: [],
      introspection: true,
      maximumConnections: 10_000,
    },
    database: { url: undefined, schema: "auth", poolSize: 10 },
    secrets: undefined,
    tokens: {
      algorithm: "ES256",
      sharedSecrets: [],
      signingKeyFile: undefined,
      signingKeyRotationSeconds: 7_776_000,
      issuer: "http://localhost:4000",
      audience: "http://localhost:4000",
      accessTokenTtlSeconds: 900,
    },
    hashing: {
      parameters: { memoryKibibytes: 19_456, iterations: 2, parallelism: 1 },
      concurrency: undefined,
      queueCapacity: 128,
      threads: 4,
      priority: 0,
    },
    sessions: {
      idleTtlSeconds: 1_209_600,
      maxTtlSeconds: 7_776_000,
      refreshGraceSeconds: 30,
      maximumPerUser: 100,
      carrier: "body",
      cookie: { sameSite: "Strict", secure: true },
    },
    accounts: { emailVerification: "optional", deletionGraceSeconds: 1_209_600 },
    service: { name: "localhost:4000", appUrl: undefined },
    mail: {
      smtp: undefined,
      from: { name: undefined, address: "no-reply@localhost" },
      templatesDirectory: undefined,
      links: {},
      notices: new Set(["new_device", "password_changed", "email_changed", "token_reused"]),
    },
    revocationMaxLagSeconds: 5,
    auditRetentionSeconds: 31_536_000,
    firstAdmin: undefined,
    roles: new Map([
      ["user", []],
      ["admin", []],
    ]),
    limits: new Map(),
    upstreams: [],
    supergraph: undefined,
    access: undefined,
    issuers: [],
    hooks: undefined,
    webhooks: [],
    webhookSecrets: new Map(),
    workers: 1,
    drainDelaySeconds: 0,
    telemetry: { metricsPort: undefined, otlpEndpoint: undefined },
    logLevel: "info",
    logFormat: "pretty",
  });
});

test.each([
  ["ADMIN_EMAIL", { ADMIN_PASSWORD: "a long walk" }],
  ["ADMIN_PASSWORD", { ADMIN_EMAIL: "ada@example.com" }],
])("%s is required with the other one", (variable, env) => {
  expect(problemsOf(env)).toMatchObject([{ variable, problem: expect.stringContaining("is required with") }]);
});

test.each(["DATABASE_DIRECT_URL", "DATABASE_READ_URL"])("%s without DATABASE_URL is refused: it leads to the same data", (variable) => {
  expect(variablesOf({ [variable]: "postgres://db.example.com/gateway" })).toEqual([variable]);
});

test("production has its own defaults", () => {
  const config = parseConfig(production);
  expect(config.http).toEqual({
    port: 4000,
    host: "0.0.0.0",
    publicUrl: "https://auth.acme.test",
    corsOrigins: [],
    trustedProxies: [],
    introspection: false,
    maximumConnections: 10_000,
  });
  expect(config.tokens).toMatchObject({ issuer: "https://auth.acme.test", audience: "https://auth.acme.test" });
  expect(config.secrets).toEqual([secret]);
  expect(config.drainDelaySeconds).toBe(5);
});

test("every variable is read", () => {
  const config = parseConfig({
    ...production,
    PORT: "0",
    HOST: "::1",
    CORS_ORIGINS: "https://App.acme.test:443/, http://localhost:3000,https://app.acme.test",
    TRUSTED_PROXIES: "10.0.0.0/8, fd00::1,10.0.0.0/8",
    REDIS_URL: "rediss://u:p%23@redis.acme.test:6380/1",
    INTROSPECTION: "true",
    DATABASE_POOL_SIZE: "100",
    SECRET: `${secret}, ${otherSecret}`,
    JWT_ALGORITHM: "RS256",
    SIGNING_KEY_FILE: "/run/secrets/key.pem",
    SIGNING_KEY_ROTATION: "30d",
    ISSUER: "https://login.acme.test/tenant",
    AUDIENCE: "acme-api",
    ACCESS_TOKEN_TTL: "1m",
    SESSION_IDLE_TTL: "1h",
    SESSION_MAX_TTL: "1h",
    REFRESH_GRACE: "0s",
    SESSIONS_PER_USER: "5",
    REFRESH_TOKEN_CARRIER: "cookie",
    REFRESH_COOKIE_SAME_SITE: "Lax",
    REFRESH_COOKIE_SECURE: "true",
    WORKERS: "max",
    DRAIN_DELAY: "1m",
    METRICS_PORT: "9464",
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector.acme.test:4318",
    LOG_LEVEL: "silent",
  });
  expect(config).toMatchObject({ workers: "max", drainDelaySeconds: 60 });
  expect(config.telemetry).toEqual({ metricsPort: 9464, otlpEndpoint: "http://collector.acme.test:4318" });
  expect(config.http).toMatchObject({ port: 0, host: "::1", introspection: true, trustedProxies: ["10.0.0.0/8", "fd00::1"] });
  expect(config.redisUrl).toBe("rediss://u:p%23@redis.acme.test:6380/1");
  expect(config.http.corsOrigins).toEqual(["https://app.acme.test", "http://localhost:3000"]);
  expect(config.secrets).toEqual([secret, otherSecret]);
  expect(config.tokens).toEqual({
    algorithm: "RS256",
    sharedSecrets: [],
    signingKeyFile: "/run/secrets/key.pem",
    signingKeyRotationSeconds: 2_592_000,
    issuer: "https://login.acme.test/tenant",
    audience: "acme-api",
    accessTokenTtlSeconds: 60,
  });
  expect(config.sessions).toEqual({
    idleTtlSeconds: 3_600,
    maxTtlSeconds: 3_600,
    refreshGraceSeconds: 0,
    maximumPerUser: 5,
    carrier: "cookie",
    cookie: { sameSite: "Lax", secure: true },
  });
  expect(config).toMatchObject({ database: { poolSize: 100 }, logLevel: "silent" });
});

test("the default public URL follows the port, the issuer the public URL, the audience the issuer", () => {
  expect(parseConfig({ PORT: "5000" }).tokens.issuer).toBe("http://localhost:5000");
  expect(parseConfig({ PUBLIC_URL: "https://a.test/" }).tokens).toMatchObject({ issuer: "https://a.test", audience: "https://a.test" });
  expect(parseConfig({ ISSUER: "https://b.test/" }).tokens).toMatchObject({ issuer: "https://b.test/", audience: "https://b.test/" });
});

test("an empty variable is not set, and spaces around a value do not count", () => {
  expect(parseConfig({ PORT: "", SECRET: " ", TRUSTED_PROXIES: "", HOST: " 127.0.0.1\r" }).http).toMatchObject({
    port: 4000,
    host: "127.0.0.1",
  });
});

test("test is development, and a mistyped environment is neither", () => {
  expect(parseConfig({ NODE_ENV: "test" }).environment).toBe("development");
  expect(parseConfig({ NODE_ENV: "development" }).environment).toBe("development");
  for (const name of ["prod", "Production", "produciton"]) {
    expect(() => parseConfig({ NODE_ENV: name })).toThrow("NODE_ENV must be one of production, development, test.");
  }
});
