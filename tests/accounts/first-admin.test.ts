import { NIL } from "uuid";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { failToStart, runCommand } from "../support/processes/command-line.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

const ADMIN_PASSWORD = "the first walk of the year";
const ADMIN_EMAIL = "Ada@Example.com";
const env = { ADMIN_EMAIL, ADMIN_PASSWORD };

/** One deployment, whose servers come and go. */
let database: TestDatabase;
const running: TestGateway[] = [];
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
  await database.drop();
});

async function start(variables: Record<string, string> = env): Promise<TestGateway> {
  const gateway = await startTestGateway({ database, env: variables });
  running.push(gateway);
  return gateway;
}

async function rolesAfterLogin(gateway: TestGateway, email: string, password: string): Promise<unknown> {
  const reply = await gateway.send(LoginDocument, { input: { email, password } });
  return reply.errors.length > 0 ? codesOf(reply) : dataOf(reply).login.user.roles;
}

function users() {
  return database.sql`select id, email, email_key, password_hash, roles, status, version from users order by created_at`;
}

function messagesOf(gateway: TestGateway): unknown[][] {
  return gateway.logs.filter((line) => !("event" in line)).map(({ level, msg }) => [level, msg]);
}

const created = [30, expect.stringContaining("the first admin was created")];
const taken = [40, expect.stringContaining("create-admin --promote")];

test("is made at the first start, may sign in, and is audited as what the configuration says", async () => {
  const gateway = await start();
  expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user", "admin"]);
  const [admin, ...others] = await users();
  expect(others).toEqual([]);
  expect(admin).toMatchObject({ email: ADMIN_EMAIL, email_key: "ada@example.com", status: "ACTIVE", version: 1 });
  const events =
    await database.sql`select type, user_id, actor_id, detail from audit_events where type <> 'LOGIN_SUCCEEDED' and user_id <> ${NIL}
      order by id`;
  const about = { user_id: admin?.id, actor_id: null };
  expect(events).toEqual([
    { type: "REGISTERED", ...about, detail: { by: "configuration" } },
    { type: "ROLES_CHANGED", ...about, detail: { by: "configuration", roles: ["user", "admin"] } },
  ]);
  expect(messagesOf(gateway)).toContainEqual(created);
  for (const secret of [ADMIN_PASSWORD, ADMIN_EMAIL, "$argon2"]) expect(JSON.stringify(gateway.logs)).not.toContain(secret);
});

test("is not made without ADMIN_EMAIL and ADMIN_PASSWORD", async () => {
  await start({});
  expect(await users()).toEqual([]);
});

test("a start that is refused for it closes its connections to the database", async () => {
  await expect(start({ ADMIN_EMAIL, ADMIN_PASSWORD: "short" })).rejects.toThrow("ADMIN_PASSWORD");
  const connections = () =>
    database.sql`select 1 from pg_stat_activity where datname = current_database() and application_name = 'graphql-auth-gateway'`;
  await until(async () => (await connections()).length === 0, 5000);
});

describe("a later start", () => {
  test("changes nothing, whatever ADMIN_PASSWORD says by then", async () => {
    await start();
    const before = await users();
    const gateway = await start({ ADMIN_EMAIL, ADMIN_PASSWORD: "a walk that was never taken" });
    expect(await users()).toEqual(before);
    expect(messagesOf(gateway)).not.toContainEqual(created);
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user", "admin"]);
  });

  test("does not overwrite a password that was changed meanwhile", async () => {
    await start();
    const { code } = await runCommand(["set-password", ADMIN_EMAIL], {
      env: { DATABASE_URL: database.url, SECRET: TEST_SECRET },
      input: "another walk, in the hills",
    });
    expect(code).toBe(0);
    const gateway = await start();
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, "another walk, in the hills")).toEqual(["user", "admin"]);
  });

  test("does not give a role back that was taken away: it warns, and goes on", async () => {
    await start();
    await database.sql`update users set roles = '{user}'`;
    const gateway = await start();
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user"]);
    expect(messagesOf(gateway)).toContainEqual(taken);
  });

  test("neither enables an admin who was disabled nor makes another one", async () => {
    await start();
    await database.sql`update users set status = 'DISABLED'`;
    const gateway = await start({ ADMIN_EMAIL: newEmail(), ADMIN_PASSWORD });
    expect(await users()).toMatchObject([{ email: ADMIN_EMAIL, status: "DISABLED" }]);
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
  });

  test("makes none where somebody else is an admin", async () => {
    await runCommand(["create-admin", "grace@example.com"], {
      env: { DATABASE_URL: database.url, SECRET: TEST_SECRET },
      input: ADMIN_PASSWORD,
    });
    const gateway = await start();
    expect(await users()).toMatchObject([{ email: "grace@example.com" }]);
    expect(messagesOf(gateway)).not.toContainEqual(created);
  });

  test("is not stopped by values that are not needed any more", async () => {
    await start();
    const gateway = await start({ ADMIN_EMAIL: "ada", ADMIN_PASSWORD: "hunter2" });
    expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user", "admin"]);
  });
});

test("of five servers that start together one makes it", async () => {
  const gateways = await Promise.all(Array.from({ length: 5 }, () => start()));
  expect(await users()).toHaveLength(1);
  expect(gateways.flatMap(messagesOf).filter(([, message]) => String(message).includes("admin"))).toEqual([created]);
  const [registered] = await database.sql`select count(*)::int as n from audit_events where type = 'REGISTERED'`;
  expect(registered?.n).toBe(1);
  for (const gateway of gateways) expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user", "admin"]);
});

test("five servers with five different addresses make one admin", async () => {
  await Promise.all(Array.from({ length: 5 }, () => start({ ADMIN_EMAIL: newEmail(), ADMIN_PASSWORD })));
  expect(await users()).toHaveLength(1);
});

test("a stranger who registered the address does not become an admin: the start warns and goes on, and --promote settles it", async () => {
  const stranger = await start({});
  dataOf(await stranger.send(RegisterDocument, { input: { email: "ada@example.com", password: PASSWORD } }));
  const before = await users();
  const gateway = await start();
  expect(await users()).toEqual(before);
  expect(messagesOf(gateway)).toContainEqual(taken);
  expect(JSON.stringify(gateway.logs)).not.toContain(ADMIN_PASSWORD);
  expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, PASSWORD)).toEqual(["user"]);

  const options = { env: { DATABASE_URL: database.url, SECRET: TEST_SECRET }, input: ADMIN_PASSWORD };
  expect(await runCommand(["create-admin", "--promote", ADMIN_EMAIL], options)).toMatchObject({ code: 0 });
  expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
  expect(await rolesAfterLogin(gateway, ADMIN_EMAIL, ADMIN_PASSWORD)).toEqual(["user", "admin"]);
  expect(messagesOf(await start())).not.toContainEqual(taken);
});

describe("values that break the rules of registration stop the start, and are named but not shown", () => {
  test.each([
    ["a short password", { ADMIN_PASSWORD: "hunter2" }, /^ADMIN_PASSWORD is too short: use at least 8 characters.*\n$/],
    ["a common password", { ADMIN_PASSWORD: "Password123" }, /^ADMIN_PASSWORD is on the list of common passwords.*\n$/],
    ["the address as password", { ADMIN_PASSWORD: "ada@example.com" }, /^ADMIN_PASSWORD is your e-mail address.*\n$/],
    ["no address", { ADMIN_EMAIL: "hunter2" }, /^ADMIN_EMAIL is not an e-mail address such as .*\n$/],
    ["neither", { ADMIN_EMAIL: "hunter2", ADMIN_PASSWORD: "hunter2" }, /^ADMIN_EMAIL is not .* ADMIN_PASSWORD is too short.*\n$/],
  ])("%s", async (_case, values, message) => {
    const { code, stdout, stderr } = await failToStart({ DATABASE_URL: database.url, SECRET: TEST_SECRET, ...env, ...values });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(stdout).not.toContain("listening");
    for (const secret of ["hunter2", "Password123", ADMIN_PASSWORD]) expect(stdout + stderr).not.toContain(secret);
    expect(await users()).toEqual([]);
  });

  test.each([
    ["ADMIN_PASSWORD", { ADMIN_EMAIL }],
    ["ADMIN_EMAIL", { ADMIN_PASSWORD }],
  ])("without %s the other one is refused", async (missing, given) => {
    const { code, stdout, stderr } = await failToStart({ DATABASE_URL: database.url, SECRET: TEST_SECRET, ...given });
    expect(code).toBe(1);
    expect(stderr).toContain(`- ${missing} is required with`);
    expect(stdout + stderr).not.toContain(ADMIN_PASSWORD);
  });
});
