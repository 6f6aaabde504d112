import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, MeFromTokenDocument, RegisterDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase } from "../support/database.ts";
import { readDocument } from "../support/documents.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { runCommand, runCommandAlone } from "../support/processes/command-line.ts";
import { NEW_PASSWORD, runBeside } from "../support/processes/commands-beside-server.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** A server that runs while commands change its database from outside. */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(() => gateway.close());

const run = (words: readonly string[], input?: string | Buffer) => runBeside(gateway, words, input);

describe("rotate-keys", () => {
  test("publishes a second key, which a running server then has in its JWKS", async () => {
    const result = await run(["rotate-keys"]);
    expect(result).toEqual({
      code: 0,
      stdout: "Published a new signing key. Access tokens are signed with it from 5 minutes from now on.\n",
      stderr: "",
    });
    await gateway.auth.signingKeys.maintain();
    const jwks = await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json();
    expect(jwks).toMatchObject({ keys: [{}, {}] });
  });

  test("refuses keys that only their operator changes", async () => {
    const env = { DATABASE_URL: gateway.database.url, JWT_ALGORITHM: "HS256", JWT_SECRET: "k".repeat(40), SECRET: TEST_SECRET };
    const { code, stdout, stderr } = await runCommandAlone(["rotate-keys"], { env });
    expect([code, stdout, stderr]).toEqual([1, "", "JWT_SECRET and SIGNING_KEY_FILE are rotated in the configuration.\n"]);
  });
});

describe("migrate", () => {
  test("tells how many migrations it applied, and then that there is nothing to do", async () => {
    const database = await createTestDatabase();
    const [journal] = await database.sql`select count(*)::int as n from migrations`;
    await database.sql.unsafe("drop schema auth cascade");
    // Nothing else of production's configuration is asked for, or looked at.
    const env = { NODE_ENV: "production", DATABASE_URL: database.url, PORT: "http" };
    expect(await runCommand(["migrate"], { env })).toEqual({ code: 0, stdout: `Applied ${journal?.n} migrations.\n`, stderr: "" });
    expect(await runCommand(["migrate"], { env })).toMatchObject({ code: 0, stdout: "Nothing to do: the database is up to date.\n" });
    expect(await database.sql`select from users`).toEqual([]);
    await database.drop();
  });
});

describe("print-schema", () => {
  test("prints the schema without a configuration or a database", async () => {
    const env = { NODE_ENV: "production", PORT: "not a port" };
    const { code, stdout, stderr } = await runCommandAlone(["print-schema"], { env });
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("type Mutation");
    expect(stdout).toContain("@authenticated");
  });

  test("prints the forms that gateways take in, one at a time", async () => {
    for (const form of ["federation", "stitching"]) {
      const { code, stdout } = await runCommand(["print-schema", `--${form}`], { env: { NODE_ENV: "production" } });
      expect([code, stdout]).toEqual([0, readDocument(`schema/auth.${form}.graphql`)]);
    }
    const both = await runCommand(["print-schema", "--federation", "--stitching"]);
    expect([both.code, both.stdout]).toEqual([1, ""]);
  });

  test("prints the JSON Schema of gateway.yaml, which is the published one", async () => {
    const { code, stdout } = await runCommand(["print-schema", "--config"], { env: { NODE_ENV: "production" } });
    expect([code, stdout]).toEqual([0, readDocument("schema/gateway.schema.json")]);
  });

  test("is what npm run schema and npm run rotate-keys go through", () => {
    const { scripts, bin } = JSON.parse(readDocument("package.json"));
    expect(bin).toEqual({ "graphql-auth-gateway": "dist/cli/main.js" });
    expect(scripts.schema).toContain("src/cli/main.ts print-schema > schema/auth.graphql");
    expect(scripts["rotate-keys"]).toContain("dist/cli/main.js rotate-keys");
    expect(scripts.cli).toContain("dist/cli/main.js");
  });
});

describe.concurrent("a failure is one line and exit code 1, without a stack or a secret", () => {
  test.each(["rotate-keys", "migrate", "create-admin", "set-password"])("%s with the database out of reach", async (command) => {
    const words = command.endsWith("keys") || command === "migrate" ? [command] : [command, newEmail()];
    const env = { DATABASE_URL: "postgres://somebody:a-password@127.0.0.1:1/auth", SECRET: TEST_SECRET };
    const result = await runCommand(words, { env, input: NEW_PASSWORD });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(/^The database at DATABASE_URL is out of reach .*\n$/);
    expect(result.stderr).not.toContain("a-password");
  });

  test("with a configuration that is wrong, every problem named", async () => {
    const result = await runCommandAlone(["rotate-keys"], { env: { NODE_ENV: "production", PORT: "http" } });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    for (const variable of ["DATABASE_URL", "SECRET", "PUBLIC_URL", "PORT"]) expect(result.stderr).toContain(`- ${variable} `);
  });

  test("of migrate in production without a database: that alone", async () => {
    const result = await runCommandAlone(["migrate"], { env: { NODE_ENV: "production", PORT: "http" } });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(/^The configuration has 1 problem:\n {2}- DATABASE_URL is required in production\.\n/);
  });
});

test("without DATABASE_URL: beside a server of the same folder, and also alone, stopping what was started, on failure too", async () => {
  const folder = await makeReachableFolder("gateway-command-");
  const runs = (words: string[]) => runCommandAlone(words, { cwd: folder, env: { SECRET: TEST_SECRET }, input: NEW_PASSWORD });
  const isPostgresRunning = () => existsSync(join(folder, ".data/postgres/postmaster.pid"));
  const server = await startServerProcess({}, { cwd: folder });
  const [email, other] = [newEmail(), newEmail()];
  const user = dataOf(await server.send(RegisterDocument, { input: { email: other, password: PASSWORD } })).register;
  expect(await runs(["create-admin", email])).toMatchObject({ code: 0, stdout: `Created the admin ${email}.\n` });
  expect(await runs(["set-password", other])).toMatchObject({ code: 0 });
  const reason = async () => (await server.send(MeFromTokenDocument, {}, { token: user.accessToken })).errors[0]?.extensions.reason;
  await expect.poll(reason, { interval: 20 }).toBe("revoked");
  expect(dataOf(await server.send(LoginDocument, { input: { email, password: NEW_PASSWORD } })).login.user.roles).toContain("admin");
  expect(await server.stop()).toBe(0);

  expect(isPostgresRunning()).toBe(false);
  const set = await runs(["set-password", email]);
  expect(set).toMatchObject({ code: 0, stdout: `Set the password of ${email} and ended 1 session.\n` });
  expect(set.stderr).toContain(`data in ${folder}`);
  expect(isPostgresRunning()).toBe(false);
  expect(await runs(["create-admin", email])).toMatchObject({ code: 1, stdout: "" });
  expect(isPostgresRunning()).toBe(false);
  await rm(folder, { recursive: true, force: true });
});
