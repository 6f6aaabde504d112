import { expect, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { parseConnectionString } from "../../src/database/connection-string/connection-string.ts";

const settingsOf = (env: Record<string, string>) => parseConnectionString(parseConfig(env).database.url ?? "");

test.each([
  ["a password", "postgres://u@db/auth", { PGPASSWORD: "p@ss&word" }, { user: "u", password: "p@ss&word" }],
  ["everything", "postgres:///", { PGHOST: "db", PGPORT: "6000", PGUSER: "u", PGDATABASE: "auth" }, { user: "u", database: "auth" }],
  [
    "where it is",
    "postgres://u:x@/auth",
    { PGHOST: "/run/postgresql" },
    { hosts: [{ name: "/run/postgresql", address: "/run/postgresql", port: 5432 }] },
  ],
  ["its port", "postgres://u:x@db/auth", { PGPORT: "6000" }, { hosts: [{ name: "db", address: "db", port: 6000 }] }],
  [
    "TLS",
    "postgres://u:x@db/auth",
    { PGSSLMODE: "verify-full", PGSSLROOTCERT: "/ca.pem" },
    { tls: { mode: "verify-full", authorityFile: "/ca.pem" } },
  ],
  [
    "TLS, beside a parameter",
    "postgres://u:x@db/auth?connect_timeout=3",
    { PGSSLMODE: "require" },
    { tls: { mode: "require" }, connectMilliseconds: 3000 },
  ],
  ["a certificate of our own", "postgres://u@db", { PGSSLCERT: "/c", PGSSLKEY: "/k" }, { tls: { certificateFile: "/c", keyFile: "/k" } }],
  [
    "the rest",
    "postgres://u:x@a,b",
    { PGTARGETSESSIONATTRS: "primary", PGCHANNELBINDING: "require" },
    { needsWritable: true, channelBinding: "require" },
  ],
])(
  "a connection string that leaves out %s is completed by the variables of PostgreSQL's own library",
  (_what, url, variables, expected) => {
    expect(settingsOf({ DATABASE_URL: url, ...variables })).toMatchObject(expected);
    const direct = parseConfig({ DATABASE_URL: "postgres://u:x@pooler/auth", DATABASE_DIRECT_URL: url, ...variables }).database.directUrl;
    expect(parseConnectionString(direct ?? "")).toMatchObject(expected);
  },
);

test("what a connection string says itself is never replaced", () => {
  const all = {
    PGHOST: "other",
    PGHOSTADDR: "10.0.0.1",
    PGPORT: "6000",
    PGUSER: "other",
    PGPASSWORD: "other",
    PGDATABASE: "other",
    PGSSLMODE: "disable",
  };
  const written = "postgres://u:x@db:5433/auth?sslmode=verify-full";
  expect(settingsOf({ DATABASE_URL: written, ...all })).toEqual(parseConnectionString(written));
  const inParameters = "postgres:///auth?host=db&port=5433&user=u&password=x&ssl=true";
  expect(settingsOf({ DATABASE_URL: inParameters, ...all })).toEqual(parseConnectionString(inParameters));
});

test("without a connection string they mean nothing", () => {
  expect(parseConfig({ PGHOST: "db", PGPASSWORD: "x" }).database.url).toBeUndefined();
});

test("one that completes a string and cannot be used is a problem of the configuration, by its own name and beside all others", () => {
  const env = { DATABASE_URL: "postgres://u:x@db", PGSSLMODE: "hunter2", PORT: "many" };
  expect(() => parseConfig(env)).toThrow("PORT");
  expect(() => parseConfig(env)).toThrow("PGSSLMODE completes DATABASE_URL, whose parameter sslmode must be one of");

  expect(parseConfig({ ...env, PORT: "0", DATABASE_URL: "postgres://u:x@db?sslmode=require" }).database.url).toContain("sslmode=require");
});
