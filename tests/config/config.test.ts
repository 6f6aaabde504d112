import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError, type ConfigProblem } from "../../src/config/values/config-error.ts";
import { parseDuration } from "../../src/config/values/durations.ts";

const secret = "tQ8vX2mB7nLr4KpZ9wYc6HsJ1dFg3AeU";
const otherSecret = "Zk4Rw9Tb2Nv7Xc5Lm8Qp1Js6Hd3Gf0Ya";
const production = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://gateway:hunter2@db/gateway",
  SECRET: secret,
  PUBLIC_URL: "https://auth.acme.test",
};

function problemsOf(env: Record<string, string | undefined>): readonly ConfigProblem[] {
  try {
    parseConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const variablesOf = (env: Record<string, string | undefined>) => problemsOf(env).map(({ variable }) => variable);

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

test("DATABASE_DIRECT_URL without DATABASE_URL is refused: it is another way to the same database", () => {
  expect(variablesOf({ DATABASE_DIRECT_URL: "postgres://db.example.com/gateway" })).toEqual(["DATABASE_DIRECT_URL"]);
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

test.each([
  ["PORT", ["http", "65536", "-1", "4000.5", "0x10", "1e3", "4000;"]],
  ["HOST", ["localhost:4000", "http://localhost", "a b", "-a"]],
  [
    "PUBLIC_URL",
    [
      "auth.acme.test",
      "https://a.test/path",
      "https://a.test//",
      "https://a.test?",
      "https://a.test#",
      "https://u:p@a.test",
      "ftp://a.test",
      "https://",
      "https:\\\\a.test",
    ],
  ],
  [
    "CORS_ORIGINS",
    [
      "*",
      "null",
      "https://a.test,*",
      "https://a.test/x",
      "a.test",
      "https://*.a.test/",
      "https://a.test,",
      "capacitor://",
      "capacitor://*",
      "capacitor://localhost/",
      "file://",
      "javascript://a",
    ],
  ],
  [
    "TRUSTED_PROXIES",
    ["*", "all", "10.0.0.0/33", "10.0.0.1/", "fd00::/129", "10.0.0.0/8,", "0.0.0.0/0", "10.0.0.1,::/0", "proxy.acme.test"],
  ],
  ["REDIS_URL", ["redis", "redis.acme.test:6379", "http://redis", "redis://", "redis://u:p#@r", "redis://r/name", "redis://a b"]],
  ["INTROSPECTION", ["yes", "1", "TRUE"]],
  ["DATABASE_URL", ["mysql://db/x", "db:5432", "postgres://", "postgres://u:p#@db/x", "postgres://u:a b@db/x"]],
  ["DATABASE_POOL_SIZE", ["0", "1", "101", "ten"]],
  ["SECRET", ["short", "a".repeat(31), `${secret},`, `${secret},short`]],
  ["JWT_ALGORITHM", ["none", "es256", "ES512"]],
  ["SIGNING_KEY_ROTATION", ["30m", "90", "forever"]],
  ["ISSUER", ["acme", "https://a.test?x", "https://a.test#x", "https://u@a.test"]],
  ["AUDIENCE", ["two words", "a".repeat(256)]],
  ["ACCESS_TOKEN_TTL", ["900", "4s", "25h", "15min", "-15m", "1.5h", "15 m", "0x10s"]],
  ["SESSION_IDLE_TTL", ["9s", "2w", "99999999999d"]],
  ["SESSION_MAX_TTL", ["0s", "3651d"]],
  ["REFRESH_GRACE", ["301s", "6m", "30"]],
  ["SESSIONS_PER_USER", ["0", "10001", "off"]],
  ["REFRESH_TOKEN_CARRIER", ["header", "Cookie"]],
  ["REFRESH_COOKIE_SAME_SITE", ["strict", "no"]],
  ["REFRESH_COOKIE_SECURE", ["no", "0"]],
  ["WORKERS", ["0", "257", "all", "Max", "1.5", "-1"]],
  ["DRAIN_DELAY", ["5", "6m"]],
  ["METRICS_PORT", ["65536", "metrics"]],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", ["collector:4318", "http://u:p@a.test", "http://a.test?x"]],
  ["LOG_LEVEL", ["verbose", "INFO"]],
])("a wrong %s is refused", (variable, texts) => {
  for (const text of texts) expect.soft(variablesOf({ [variable]: text }), text).toEqual([variable]);
});

test.each([
  ["postgresql://u:p%23@db:5432/x"],
  ["postgres://u@a:5432,b:5433/x?target_session_attrs=primary"],
  ["postgres:///x?host=/run/postgresql"],
])("the database URL %s is fine", (url) => {
  expect(parseConfig({ DATABASE_URL: url }).database.url).toBe(url);
});

test.each([
  ["HS256 without its secret", { JWT_ALGORITHM: "HS256" }, "JWT_SECRET"],
  ["an HS256 secret that is too short", { JWT_ALGORITHM: "HS256", JWT_SECRET: "short" }, "JWT_SECRET"],
  ["a shared secret with another algorithm", { JWT_SECRET: secret }, "JWT_SECRET"],
  ["a shared secret that is also SECRET", { JWT_ALGORITHM: "HS256", JWT_SECRET: secret, SECRET: secret }, "JWT_SECRET"],
  ["a key file with HS256", { JWT_ALGORITHM: "HS256", JWT_SECRET: secret, SIGNING_KEY_FILE: "key.pem" }, "SIGNING_KEY_FILE"],
  ["metrics on the public port", { PORT: "4000", METRICS_PORT: "4000" }, "METRICS_PORT"],
  ["an idle end after the absolute end", { SESSION_IDLE_TTL: "91d" }, "SESSION_IDLE_TTL"],
  ["an idle end before the first refresh", { SESSION_IDLE_TTL: "15m" }, "SESSION_IDLE_TTL"],
  ["a grace as long as a session", { ACCESS_TOKEN_TTL: "5s", SESSION_IDLE_TTL: "30s" }, "REFRESH_GRACE"],
  ["a secure cookie over plain http", { REFRESH_TOKEN_CARRIER: "cookie", PUBLIC_URL: "http://a.test" }, "REFRESH_TOKEN_CARRIER"],
  ["the choice of one", { REFRESH_TOKEN_CARRIER: "both", PUBLIC_URL: "http://a.test" }, "REFRESH_TOKEN_CARRIER"],
  ["an insecure cookie for other sites", { REFRESH_COOKIE_SECURE: "false", REFRESH_COOKIE_SAME_SITE: "None" }, "REFRESH_COOKIE_SECURE"],
])("%s is refused", (_title, env, variable) => {
  expect(variablesOf(env)).toEqual([variable]);
});

test("a cookie that is not secure is fine outside production", () => {
  expect(parseConfig({ REFRESH_COOKIE_SECURE: "false" }).sessions.cookie).toEqual({ sameSite: "Strict", secure: false });
});

test("a cookie is fine on plain http at home", () => {
  for (const PUBLIC_URL of [undefined, "http://127.0.0.1:4000", "http://[::1]:4000", "http://auth.localhost"]) {
    expect(parseConfig({ REFRESH_TOKEN_CARRIER: "cookie", PUBLIC_URL }).sessions.carrier).toBe("cookie");
  }
});

test("HS256 secrets count by bytes, newest first", () => {
  const config = parseConfig({ JWT_ALGORITHM: "HS256", JWT_SECRET: `${secret},${"ü".repeat(16)}` });
  expect(config.tokens.sharedSecrets).toEqual([secret, "ü".repeat(16)]);
});

describe("in production", () => {
  test("the refresh cookie is secure", () => {
    expect(problemsOf({ ...production, REFRESH_COOKIE_SECURE: "false" })).toMatchObject([{ variable: "REFRESH_COOKIE_SECURE" }]);
  });

  test.each(["DATABASE_URL", "SECRET", "PUBLIC_URL"])("%s is required", (variable) => {
    expect(problemsOf({ ...production, [variable]: "" })).toMatchObject([{ variable, problem: "is required in production." }]);
  });

  test.each([
    ["PUBLIC_URL", "http://auth.acme.test"],
    ["ISSUER", "http://auth.acme.test"],
    ["ACCESS_TOKEN_TTL", "59s"],
    ["SECRET", "a".repeat(40)],
    ["SECRET", "abcabcabcabcabcabcabcabcabcabcabcabc"],
    ["SECRET", "change-me-change-me-change-me-change-me"],
    ["SECRET", "my-super-secret-value-for-this-application"],
    ["SECRET", `${secret},0123456789abcdef0123456789abcdef`],
  ])("%s=%s is refused, and accepted in development", (variable, text) => {
    expect(variablesOf({ ...production, [variable]: text })).toEqual([variable]);
    expect(variablesOf({ [variable]: text })).toEqual([]);
  });

  test("plain http is accepted on localhost", () => {
    expect(parseConfig({ ...production, PUBLIC_URL: "http://localhost:4000" }).http.publicUrl).toBe("http://localhost:4000");
  });

  test("an unserious shared secret is refused", () => {
    expect(variablesOf({ ...production, JWT_ALGORITHM: "HS256", JWT_SECRET: "b".repeat(64) })).toEqual(["JWT_SECRET"]);
  });
});

test("every problem is reported at once, those of the file included", () => {
  const env = { NODE_ENV: "production", PORT: "x", LOG_LEVEL: "loud", SESSION_IDLE_TTL: "91d", REDIS_URL: "http://r" };
  const attempt = () => parseConfig(env, { path: "gateway.yaml", text: "upstreams: {}\nroles: { Bad: {} }" });
  expect(attempt).toThrow(ConfigError);
  expect(attempt).toThrow(
    /^The configuration has 9 problems:\n {2}- PORT must be a whole number from 0 to 65535\.\n {4}Example: PORT=4000\n/,
  );
  for (const place of ["LOG_LEVEL", "REDIS_URL", "DATABASE_URL", "SECRET", "PUBLIC_URL", "SESSION_IDLE_TTL", "upstreams", "roles.Bad"]) {
    expect(attempt).toThrow(place);
  }
});

test("a rule says nothing about a variable that is wrong by itself", () => {
  expect(variablesOf({ SESSION_MAX_TTL: "1 day", SESSION_IDLE_TTL: "300d" })).toEqual(["SESSION_MAX_TTL"]);
});

test("no value is ever quoted: a secret may stand in the wrong variable", () => {
  const value = "hunter2";
  const names = "PORT HOST PUBLIC_URL CORS_ORIGINS DATABASE_URL SECRET JWT_SECRET ISSUER LOG_LEVEL ADMIN_PASSWORD REDIS_URL JWT_ALGORITHM";
  const env = Object.fromEntries(names.split(" ").map((name) => [name, `${value} ${value}`]));
  expect(variablesOf(env).length).toBeGreaterThan(9);
  expect(JSON.stringify(problemsOf(env))).not.toContain(value);
  expect(() => parseConfig(env)).not.toThrow(value);
});

test.each([
  ["30s", 30],
  ["15m", 900],
  ["1h", 3_600],
  ["14d", 1_209_600],
  ["0s", 0],
  ["15", undefined],
  ["m", undefined],
  ["1h30m", undefined],
])("the duration %s is %s seconds", (text, seconds) => {
  expect(parseDuration(text)).toBe(seconds);
});
