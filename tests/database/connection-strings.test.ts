import { userInfo } from "node:os";
import { describe, expect, inject, test } from "vitest";
import { parseConfig } from "../../src/config/config.ts";
import { ConfigError } from "../../src/config/values/config-error.ts";
import { parseConnectionString } from "../../src/database/connection-string/connection-string.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { SCHEMA } from "../support/raw-client.ts";

const host = (name: string, port = 5432) => [{ name, address: name, port }];

describe("the strings that providers hand out", () => {
  test.each([
    [
      "Neon",
      "postgresql://alex:AbC123dEf@ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech/dbname?sslmode=require&channel_binding=require",
      {
        hosts: host("ep-cool-darkness-a1b2c3d4-pooler.us-east-2.aws.neon.tech"),
        user: "alex",
        password: "AbC123dEf",
        database: "dbname",
        tls: { mode: "require" },
        channelBinding: "require",
      },
    ],
    [
      "Neon, for clients without SNI",
      "postgresql://alex:x@ep-cool.us-east-2.aws.neon.tech/dbname?sslmode=require&options=endpoint%3Dep-cool",
      { parameters: { options: "endpoint=ep-cool" } },
    ],
    [
      "Supabase, direct",
      "postgresql://postgres:p%40ss@db.apbkobhfnmcqqzqeeqss.supabase.co:5432/postgres",
      { hosts: host("db.apbkobhfnmcqqzqeeqss.supabase.co"), password: "p@ss", tls: { mode: "prefer" } },
    ],
    [
      "Supabase, session pooler",
      "postgres://postgres.apbkobhfnmcqqzqeeqss:x@aws-0-us-west-1.pooler.supabase.com:5432/postgres",
      { user: "postgres.apbkobhfnmcqqzqeeqss", preparesStatements: undefined },
    ],
    [
      "Supabase, transaction pooler, as Prisma has it",
      "postgres://postgres.apbkobhfnmcqqzqeeqss:x@aws-0-us-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1",
      { hosts: host("aws-0-us-west-1.pooler.supabase.com", 6543), preparesStatements: false },
    ],
    [
      "Heroku, whose certificate nobody vouches for",
      "postgres://u1:p2@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d3?sslmode=no-verify",
      { tls: { mode: "require" } },
    ],
    ["Heroku, as it hands it out", "postgres://u1:p2@ec2-1-2-3-4.compute-1.amazonaws.com:5432/d3", { tls: { mode: "prefer" } }],
    [
      "Cloud SQL, a socket in the query",
      "postgresql://gateway:x@/auth?host=/cloudsql/project:europe-west1:instance",
      { hosts: host("/cloudsql/project:europe-west1:instance"), database: "auth" },
    ],
    [
      "Cloud SQL, a socket in place of the host",
      "postgresql://gateway:x@%2Fcloudsql%2Fproject%3Aeurope-west1%3Ainstance/auth",
      { hosts: host("/cloudsql/project:europe-west1:instance") },
    ],
    [
      "Azure",
      "postgresql://myadmin:x@mydemoserver.postgres.database.azure.com/postgres?sslmode=verify-full&sslrootcert=/certs/azure.pem",
      { tls: { mode: "verify-full", authorityFile: "/certs/azure.pem" } },
    ],
    [
      "Azure, the single server's user",
      "postgres://myadmin%40mydemoserver:x@mydemoserver.postgres.database.azure.com:5432/postgres?sslmode=require",
      { user: "myadmin@mydemoserver" },
    ],
    [
      "Amazon RDS",
      "postgres://u:x@db.abc.eu-west-1.rds.amazonaws.com:5432/auth?sslmode=verify-full&sslrootcert=system",
      { tls: { mode: "verify-full" } },
    ],
    [
      "DigitalOcean",
      "postgresql://doadmin:x@db-postgresql-nyc3-1-do-user-1-0.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require",
      { hosts: host("db-postgresql-nyc3-1-do-user-1-0.b.db.ondigitalocean.com", 25060), tls: { mode: "require" } },
    ],
    [
      "Vercel, as it passes on Supabase's",
      "postgres://postgres.abc:x@aws-0-us-east-1.pooler.supabase.com:6543/postgres?sslmode=require&supa=base-pooler.x",
      { tls: { mode: "require" }, parameters: {} },
    ],
    [
      "Supabase, for poolers that go by the project's name",
      "postgres://postgres:x@pooler.supabase.com/postgres?options=reference%3Dabc",
      { parameters: { options: "reference=abc" } },
    ],
    [
      "node-postgres, with what it calls libpq's way",
      "postgres://u:x@db/auth?sslmode=require&uselibpqcompat=true",
      { tls: { mode: "require" } },
    ],
    ["Prisma's own schema", "postgresql://u:x@db:5432/auth?schema=public&pool_timeout=10", { database: "auth", parameters: {} }],
  ])("%s", (_name, written, expected) => {
    expect(parseConnectionString(written)).toMatchObject(expected);
  });
});

test.each([
  ["postgres://u:x@[::1]:5433/auth", { hosts: host("::1", 5433) }],
  [
    "postgres://u:x@a:1,b,[::1]:3/auth?target_session_attrs=primary",
    { hosts: [...host("a", 1), ...host("b"), ...host("::1", 3)], needsWritable: true },
  ],
  ["postgres:///auth?host=a,b&port=1,2&user=u", { hosts: [...host("a", 1), ...host("b", 2)], user: "u", database: "auth" }],
  ["postgres://u@db/auth?hostaddr=10.0.0.1", { hosts: [{ name: "db", address: "10.0.0.1", port: 5432 }] }],
  ["postgres://u:p:a%20%25@db/auth?connect_timeout=3&application_name=login", { password: "p:a %", connectMilliseconds: 3000 }],
  ["postgres://u:x@db?ssl=true", { tls: { mode: "require" }, database: "u" }],
  ["postgres://u:x@db?ssl=false", { tls: { mode: "disable" } }],
  ["postgres://u:x@db?sslmode=require&sslrootcert=/ca.pem", { tls: { mode: "verify-ca" } }],
  ["postgres://u:x@db?gssencmode=prefer&keepalives_idle=30&prepare=false", { preparesStatements: false }],
])("%s is read as libpq does", (written, expected) => {
  expect(parseConnectionString(written)).toMatchObject(expected);
});

test("a string without a user is that of whom the process runs as", () => {
  expect(parseConnectionString("postgres:///auth?host=/run/postgresql")).toMatchObject({ user: userInfo().username, password: "" });
});

test("a server is told what a string has for it", async () => {
  const url = `${inject("serverUrl")}?application_name=told&options=-c%20work_mem%3D1234kB%20-c%20lock_timeout%3D55ms`;
  const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
  const [row] = await database.$sql`
    select current_setting('application_name') as name, current_setting('work_mem') as memory, current_setting('lock_timeout') as lock`;
  await close();
  expect(row).toEqual({ name: "told", memory: "1234kB", lock: "55ms" });
});

test.each([
  ["sslmode=sometimes", "parameter sslmode must be one of"],
  ["search_path=auth", "parameter search_path is not known"],
  ["gssencmode=require", "parameter gssencmode must be disable or prefer"],
  ["target_session_attrs=standby", "parameter target_session_attrs must be any, read-write or primary"],
  ["client_encoding=LATIN1", "parameter client_encoding must be UTF8"],
  ["port=70000", "parameter port must be a port"],
  ["sslrootcert=system&sslmode=require", "parameter sslrootcert=system goes with sslmode=verify-full only"],
  ["sslcrl=revoked.pem", "parameter sslcrl is not supported here"],
  ["require_auth=kerberos", "parameter require_auth must be a list of"],
  ["require_auth=md5,!password", "parameter require_auth must be a list of"],
  ["unix_sock=/cloudsql/p:r:i/.s.PGSQL.5432", "parameter unix_sock is not known"],
  ["hunter2-is-my-password=1", "with a name that is none"],
])("%s is a problem of the configuration, by name and beside all others, and no password is repeated", (query, problem) => {
  let thrown: unknown;
  try {
    parseConfig({ DATABASE_URL: `postgres://u:hunter2@db/auth?${query}`, PORT: "many" });
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(ConfigError);
  expect(String(thrown)).toContain(problem);
  expect(String(thrown)).toContain("PORT");
  expect(String(thrown)).not.toContain("hunter2");
});
