import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadCommands } from "../../src/cli/commands.ts";
import { readInvocation } from "../../src/cli/invocation.ts";
import { LoginDocument, MeDocument, MeFromTokenDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase } from "../support/database.ts";
import { readDocument } from "../support/documents.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { ISSUER, startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import type { CommandResult } from "../support/processes/command-host.ts";
import { runCommand, runCommandAlone } from "../support/processes/command-line.ts";
import { startServerProcess } from "../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

const NEW_PASSWORD = "another walk, in the hills";
const commands = [
  "serve",
  "create-admin",
  "set-password",
  "unlock",
  "end-all-sessions",
  "import-users",
  "export-users",
  "rotate-keys",
  "migrate",
  "print-schema",
  "explain",
  "print-access",
];

/** A server that runs while commands change its database from outside. */
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

/** What the program does with words that run nothing, without a process for it. */
async function invoke(words: readonly string[]): Promise<CommandResult> {
  const invocation = readInvocation(await loadCommands(words), words);
  if (invocation.kind === "run") throw new Error(`these words run ${invocation.command.name}`);
  return invocation.kind === "help" ? { code: 0, stdout: invocation.text, stderr: "" } : { code: 2, stdout: "", stderr: invocation.text };
}

/** On the running server's database. Whatever comes of it, no secret is in the output. */
async function run(words: readonly string[], input: string | Buffer = `${NEW_PASSWORD}\n`): Promise<CommandResult> {
  const result = await runCommand(words, { env: { DATABASE_URL: gateway.database.url, SECRET: TEST_SECRET, ISSUER }, input });
  const secrets = [NEW_PASSWORD, PASSWORD, "hunter2", "Password123", "$argon2", TEST_SECRET];
  for (const secret of secrets) expect(result.stdout + result.stderr).not.toContain(secret);
  return result;
}

async function signIn(email: string, password: string): Promise<unknown> {
  const reply = await gateway.send(LoginDocument, { input: { email, password } });
  return reply.errors.length > 0 ? codesOf(reply) : dataOf(reply).login.user.roles;
}

async function eventsOf(userId: string, since = 0): Promise<unknown[]> {
  const rows = await gateway.database
    .sql`select type, actor_id, session_id, succeeded, detail from audit_events where user_id = ${userId} order by id`;
  return rows.slice(since).map(({ type, actor_id, session_id, succeeded, detail }) => ({ type, actor_id, session_id, succeeded, detail }));
}

/** By an operator, that is by no user. */
function byOperator(type: string, facts: Record<string, unknown> = {}, sessionId: string | null = null) {
  const detail = type === "SESSION_REVOKED" ? { reason: "PASSWORD_CHANGED" } : { by: "operator", ...facts };
  return { type, actor_id: null, session_id: sessionId, succeeded: true, detail };
}

async function expectSignedOut(held: { accessToken: string; refreshToken?: string | null | undefined }): Promise<void> {
  const outcome = async () => (await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken })).errors[0]?.extensions.reason;
  await expect.poll(outcome, { interval: 20 }).toBe("revoked");
  const refreshed = await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken ?? "" } });
  expect(refreshed.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "PASSWORD_CHANGED" });
}

describe.concurrent("help", () => {
  test("the program prints it on standard output", async () => {
    expect(await runCommandAlone(["help", "set-password"])).toEqual(await invoke(["help", "set-password"]));
  });

  test.each([["--help"], ["-h"], ["help"]])("%s lists every command on standard output", async (word) => {
    const { code, stdout, stderr } = await invoke([word]);
    expect([code, stderr]).toEqual([0, ""]);
    for (const command of commands) expect(stdout).toMatch(new RegExp(`^ {2}${command} .*[a-z]\\.$`, "m"));
    expect(stdout).toContain("Exit codes: 0");
  });

  test("docs/reference/command-line.md lists the same", async () => {
    const { stdout } = await invoke(["--help"]);
    const listed = [...readDocument("docs/reference/command-line.md").matchAll(/^\| `([^`]+)` \|/gm)].map(([, synopsis]) => synopsis);
    expect([...stdout.matchAll(/^ {2}(\S.*?) {2,}[A-Z]/gm)].map(([, synopsis]) => synopsis)).toEqual(listed);
    expect(listed).toHaveLength(commands.length);
  });

  test.each(commands)("%s --help tells its usage and exit codes, and does nothing", async (command) => {
    const { code, stdout, stderr } = await invoke([command, "--help"]);
    expect([code, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`^Usage: graphql-auth-gateway ${command}`));
    expect(stdout).toContain("Exit codes: 0");
    const takesPassword = command === "create-admin" || command === "set-password";
    expect(stdout.includes("The password is the first line of standard input")).toBe(takesPassword);
    expect((await invoke(["help", command])).stdout).toBe(stdout);
  });
});

describe.concurrent("wrong usage is exit code 2, with the usage on standard error", () => {
  test("the program ends with it", async () => {
    const result = await runCommandAlone(["make-coffee"]);
    expect(result).toEqual(await invoke(["make-coffee"]));
    expect([result.code, result.stdout]).toEqual([2, ""]);
  });

  test.each([
    [[]],
    [["make-coffee"]],
    [["help", "make-coffee"]],
    [["create-admin"]],
    [["set-password"]],
    [["set-password", "--promote", "ada@example.com"]],
    [["create-admin", "--promote=yes", "ada@example.com"]],
    [["rotate-keys", "now"]],
    [["migrate", "--force"]],
    [["print-schema", "auth.graphql"]],
    [["explain"]],
    [["explain", "{ me { id } }", "{ me { id } }"]],
    [["explain", "--roles"]],
    [["explain", "--role", "admin", "{ me { id } }"]],
    [["print-access", "--check"]],
    [["import-users"]],
    [["import-users", "users.ndjson", "--report"]],
    [["export-users", "users.ndjson"]],
    [["print-access", "access.lock"]],
  ])("%j", async (words) => {
    const { code, stdout, stderr } = await invoke(words);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("Usage: graphql-auth-gateway");
  });

  test.each([
    [["ada@example.com", "hunter2-hunter2"]],
    [["ada@example.com", "--password", "hunter2-hunter2"]],
    [["ada@example.com", "--password=hunter2-hunter2"]],
    [["--hunter2-hunter2", "ada@example.com"]],
  ])("a password on the command line is refused without repeating it: %j", async (words) => {
    for (const command of ["create-admin", "set-password"]) {
      const { code, stdout, stderr } = await run([command, ...words]);
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("A password is never an argument, because the list of processes");
    }
    expect(await gateway.database.sql`select from users where email_key = 'ada@example.com'`).toHaveLength(0);
  });
});

describe("create-admin", () => {
  test("makes an account that can sign in and is an admin, audited as the operator's doing", async () => {
    const email = newEmail();
    const result = await run(["create-admin", email.replace("user", "User")]);
    expect(result).toEqual({ code: 0, stdout: `Created the admin ${email.replace("user", "User")}.\n`, stderr: "" });
    expect(await signIn(email, NEW_PASSWORD)).toEqual(["user", "admin"]);
    const [user] = await gateway.database.sql`select id, version, status from users where email_key = ${email}`;
    expect(user).toMatchObject({ version: 1, status: "ACTIVE" });
    expect((await eventsOf(user?.id)).slice(0, 2)).toEqual([
      byOperator("REGISTERED"),
      byOperator("ROLES_CHANGED", { roles: ["user", "admin"] }),
    ]);
  });

  test.each([
    ["without an end of line", NEW_PASSWORD],
    ["with an end of line of Windows", `${NEW_PASSWORD}\r\n`],
    ["with more lines after it", `${NEW_PASSWORD}\nand more\n`],
  ])("takes the first line of standard input, %s", async (_case, input) => {
    const email = newEmail();
    expect(await run(["create-admin", email], input)).toMatchObject({ code: 0 });
    expect(await signIn(email, NEW_PASSWORD)).toEqual(["user", "admin"]);
  });

  test.each([
    ["a short password", newEmail(), "hunter2", "The password is too short: use at least 8 characters"],
    ["a common password", newEmail(), "Password123", "The password is on the list of common passwords"],
    ["no address", "ada", NEW_PASSWORD, "EMAIL is not an e-mail address such as ada@example.com."],
    ["no password", newEmail(), "", "The first line of standard input, which is to be the password, is empty."],
    [
      "no UTF-8",
      newEmail(),
      Buffer.from([0x61, 0xff, 0x62]),
      "The first line of standard input, which is to be the password, is not UTF-8.",
    ],
  ])("refuses %s by the rules of registration, with one line and exit code 1", async (_case, email, input, message) => {
    const result = await run(["create-admin", email], input);
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain(message);
    expect(result.stderr.split("\n")).toHaveLength(2);
    expect(await gateway.database.sql`select from users where email_key = ${email}`).toHaveLength(0);
  });

  test("of two at the same moment makes one account, and tells the other", async () => {
    const email = newEmail();
    const results = await Promise.all([run(["create-admin", email]), run(["create-admin", email])]);
    expect(results.map(({ code }) => code).sort()).toEqual([0, 1]);
    expect(await gateway.database.sql`select from users where email_key = ${email}`).toHaveLength(1);
  });

  test("refuses an address that has an account, and changes nothing about it", async () => {
    const stranger = await gateway.register();
    const result = await run(["create-admin", stranger.user.email]);
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toMatch(/^An account has this e-mail address already, .*--promote.*\n$/);
    expect(await signIn(stranger.user.email, PASSWORD)).toEqual(["user"]);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: stranger.accessToken })).me?.roles).toEqual(["user"]);
  });

  test("--promote makes that account an admin with the new password, and signs out whoever had it", async () => {
    const stranger = await gateway.register();
    const { email, id } = stranger.user;
    const result = await run(["create-admin", "--promote", email]);
    expect(result).toEqual({ code: 0, stdout: `Made ${email} an admin, set its new password and ended 1 session.\n`, stderr: "" });
    await expectSignedOut(stranger);
    expect(await signIn(email, PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
    expect(await signIn(email, NEW_PASSWORD)).toEqual(["user", "admin"]);
    expect((await eventsOf(id, 1)).slice(0, 3)).toEqual([
      byOperator("ROLES_CHANGED", { roles: ["user", "admin"] }),
      byOperator("PASSWORD_CHANGED"),
      byOperator("SESSION_REVOKED", {}, stranger.session.id),
    ]);

    const again = await run(["create-admin", email, "--promote"], "a third walk, to the lake\n");
    expect(again.code).toBe(0);
    expect(await signIn(email, "a third walk, to the lake")).toEqual(["user", "admin"]);
    const promotions = await gateway.database.sql`select from audit_events where type = 'ROLES_CHANGED' and user_id = ${id}`;
    expect(promotions).toHaveLength(1);
  });

  test("--promote of an address without an account makes one", async () => {
    const email = newEmail();
    expect(await run(["create-admin", "--promote", email])).toMatchObject({ code: 0, stdout: `Created the admin ${email}.\n` });
    expect(await signIn(email, NEW_PASSWORD)).toEqual(["user", "admin"]);
  });
});

describe("set-password", () => {
  test("replaces the password and ends every session, in the running server within a second", async () => {
    const first = await gateway.register();
    const { email, id } = first.user;
    const second = await gateway.login(email);
    const result = await run(["set-password", email]);
    expect(result).toEqual({ code: 0, stdout: `Set the password of ${email} and ended 2 sessions.\n`, stderr: "" });
    await expectSignedOut(first);
    await expectSignedOut(second);
    expect(await signIn(email, PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
    const third = await gateway.login(email, NEW_PASSWORD);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: third.accessToken })).me?.id).toBe(id);
    const events = await eventsOf(id, 2);
    expect(events[0]).toEqual(byOperator("PASSWORD_CHANGED"));
    expect(events.slice(1, 3)).toEqual(
      expect.arrayContaining([first, second].map(({ session }) => byOperator("SESSION_REVOKED", {}, session.id))),
    );
    const [row] = await gateway.database.sql`select version from users where id = ${id}`;
    expect(row?.version).toBe(2);
  });

  test("leaves a disabled account disabled, and says so", async () => {
    const { user } = await gateway.register();
    await gateway.database.sql`update users set status = 'DISABLED' where id = ${user.id}`;
    const { code, stdout } = await run(["set-password", user.email]);
    expect(code).toBe(0);
    expect(stdout).toContain("The account is disabled");
    expect(await signIn(user.email, NEW_PASSWORD)).toEqual(["INVALID_CREDENTIALS"]);
  });

  test("refuses an unknown address", async () => {
    const email = newEmail();
    expect(await run(["set-password", email])).toEqual({ code: 1, stdout: "", stderr: "No account has this e-mail address.\n" });
    expect(await gateway.database.sql`select from users where email_key = ${email}`).toHaveLength(0);
  });

  test("refuses a short password with the policy's words, and changes nothing", async () => {
    const held = await gateway.register();
    const result = await run(["set-password", held.user.email], "hunter2\n");
    expect([result.code, result.stdout]).toEqual([1, ""]);
    expect(result.stderr).toContain("The password is too short: use at least 8 characters");
    expect(await signIn(held.user.email, PASSWORD)).toEqual(["user"]);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: held.accessToken })).me?.id).toBe(held.user.id);
  });
});

describe("rotate-keys", () => {
  test("publishes a second key, which a running server then has in its JWKS", async () => {
    const result = await run(["rotate-keys"]);
    expect(result).toEqual({ code: 0, stdout: "Published a new signing key; it signs in 5 minutes.\n", stderr: "" });
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
    const env = { DATABASE_URL: database.url, SECRET: TEST_SECRET };
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
    const result = await runCommandAlone(["migrate"], { env: { NODE_ENV: "production", PORT: "http" } });
    expect([result.code, result.stdout]).toEqual([1, ""]);
    for (const variable of ["DATABASE_URL", "SECRET", "PUBLIC_URL", "PORT"]) expect(result.stderr).toContain(`- ${variable} `);
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
