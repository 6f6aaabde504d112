import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MeDocument, RegisterDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { emptyFolder, makeReachableFolder } from "../support/folders.ts";
import { TEST_SECRET } from "../support/gateway.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** Milliseconds that several starts may take where many other programs run; nothing here is about time. */
const SEVERAL = 4;
const STARTS = 120_000;

const mainFile = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

/** Runs the built server, which is expected to give up. */
function failToStart(env: Record<string, string>): Promise<{ code: unknown; stderr: string; stdout: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [mainFile],
      { cwd: emptyFolder(), env: { PATH: process.env.PATH, PORT: "0", ...env }, timeout: STARTS },
      (error, stdout, stderr) => resolve({ code: error?.code, stderr, stdout }),
    );
  });
}

describe("the start fails with exit code 1 and no stack trace", () => {
  test("in production without its three variables, all named at once", async () => {
    const { code, stderr } = await failToStart({ NODE_ENV: "production" });
    expect(code).toBe(1);
    for (const variable of ["DATABASE_URL", "SECRET", "PUBLIC_URL"]) expect(stderr).toContain(`- ${variable} `);
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("for every problem of a configuration at once, without showing a secret", async () => {
    const env = { PORT: "http", SECRET: "too short to be one", ACCESS_TOKEN_TTL: "soon", JWT_ALGORITHM: "none" };
    const { code, stderr } = await failToStart(env);
    expect(code).toBe(1);
    for (const variable of Object.keys(env)) expect(stderr).toContain(`- ${variable} `);
    expect(stderr).not.toContain("too short to be one");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test("when the database is out of reach, without showing its address", async () => {
    const { code, stderr, stdout } = await failToStart({
      DATABASE_URL: "postgres://somebody:a-password@127.0.0.1:1/auth",
      SECRET: TEST_SECRET,
    });
    expect(code).toBe(1);
    expect(stderr).toContain("DATABASE_URL is out of reach");
    expect(stderr + stdout).not.toContain("a-password");
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  test(
    "when SECRET does not open the signing keys, saying how to mend it",
    async () => {
      const database = await createTestDatabase();
      const env = { DATABASE_URL: database.url };
      await (await startServerProcess({ ...env, SECRET: TEST_SECRET })).stop();
      const { code, stderr } = await failToStart({ ...env, SECRET: "another secret, which does not fit the keys".replace(",", "") });
      expect(code).toBe(1);
      expect(stderr).toContain("SECRET=new,old");
      expect(stderr).not.toMatch(/^\s+at /m);
      await database.drop();
    },
    STARTS,
  );
});

describe("processes that start together on an empty database", () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
    await database.sql`drop schema auth cascade`;
  });
  afterAll(() => database.drop());

  test(
    "several of them migrate it once, share one signing key, and take each other's tokens",
    async () => {
      const env = { DATABASE_URL: database.url, DATABASE_POOL_SIZE: "2" };
      const servers = await Promise.all(Array.from({ length: SEVERAL }, () => startServerProcess(env)));
      const [applied] = await database.sql`select count(*)::int as n from migrations`;
      const [keys] = await database.sql`select count(*)::int as n from signing_keys`;
      expect({ keys: keys?.n, migrations: applied?.n }).toEqual({ keys: 1, migrations: await templateMigrations() });
      expect(servers.filter((server) => server.output().includes('"msg":"migrated the database"'))).toHaveLength(1);
      const registrations = await Promise.all(
        servers.map((server) => server.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })),
      );
      const { register } = dataOf(registrations[0] ?? expect.fail("no server"));
      for (const server of servers) {
        expect(dataOf(await server.send(MeDocument, {}, { token: register.accessToken })).me?.id).toBe(register.user.id);
      }
      expect(await Promise.all(servers.map((server) => server.stop()))).toEqual(Array(SEVERAL).fill(0));
    },
    STARTS,
  );
});

async function templateMigrations(): Promise<number> {
  const template = await createTestDatabase();
  const [row] = await template.sql`select count(*)::int as n from migrations`;
  await template.drop();
  return row?.n;
}

test(
  "npm start without any configuration brings its own PostgreSQL, and keeps users and tokens over a restart",
  async () => {
    const folder = await makeReachableFolder("gateway-start-");
    const first = await startServerProcess({}, { cwd: folder });
    await expect.poll(() => first.output()).toContain("First operations");
    const { register } = dataOf(await first.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }));
    expect(await first.stop("SIGINT")).toBe(0);
    expect(first.output()).toContain('"msg":"migrated the database"');
    const second = await startServerProcess({}, { cwd: folder });
    expect(second.output()).not.toContain("migrated the database");
    expect(dataOf(await second.send(MeDocument, {}, { token: register.accessToken })).me?.id).toBe(register.user.id);
    expect(await second.stop("SIGTERM")).toBe(0);
    await rm(folder, { recursive: true, force: true });
  },
  STARTS,
);
