import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, MeDocument, MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { NEW_PASSWORD, runBeside } from "../support/processes/commands-beside-server.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

/** A server that runs while commands change its database from outside. */
let gateway: TestGateway;

beforeAll(async () => {
  gateway = await startTestGateway();
});

afterAll(() => gateway.close());

const run = (words: readonly string[], input?: string | Buffer) => runBeside(gateway, words, input);

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
