import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { variables } from "../../src/config/environment/variables.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { parseDuration } from "../../src/config/values/durations.ts";
import { problemsOf, production, secret, variablesOf } from "./config-problems.ts";

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

test("every variable that is wrong is told in a sentence of ours", () => {
  const all = (text: string) => Object.fromEntries(Object.keys(variables).map((name) => [name, text]));
  const anything = ["a b", "example.com", "-1", "<>"].flatMap((text) => problemsOf(all(text)));
  expect(new Set(anything.map(({ variable }) => variable)).size).toBeGreaterThan(30);
  expect(anything.filter(({ problem }) => !/^(must|is|completes) .*\.$/.test(problem))).toEqual([]);
  const [origins] = problemsOf({ CORS_ORIGINS: "example.com" });
  expect(origins?.problem).toBe("must list origins, each with its scheme and without a path, such as https://app.example.com.");
  expect(problemsOf({ CORS_ORIGINS: "*" }).map(({ problem }) => problem)).toEqual([
    "must name origins: * would let every web site call with its visitors' sessions.",
  ]);
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
