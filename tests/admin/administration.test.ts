import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  DisableUserDocument,
  EnableUserDocument,
  ForceLogoutDocument,
  LoginDocument,
  LogoutAllDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RevokeSessionDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import { PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  gateway = await startTestGateway({ gatewayYaml: 'roles: { support: { scopes: ["users:read"] } }' });
  admin = await gateway.registerAdmin();
});
afterAll(() => gateway.close());

const byAdmin = () => ({ token: admin.accessToken });

async function eventsOf(userId: string) {
  const rows = await gateway.database.sql`
    select type, actor_id, session_id, succeeded, detail from audit_events where user_id = ${userId} order by id`;
  return rows.filter(({ type }) => type !== "REGISTERED" && type !== "LOGIN_SUCCEEDED");
}

async function versionOf(userId: string): Promise<number> {
  const [row] = await gateway.database.sql`select version from users where id = ${userId}`;
  return row?.version;
}

describe("setUserRoles", () => {
  test("replaces the roles, once each, and says in the audit event what they were", async () => {
    const { user } = await gateway.register();
    const roles = ["user", "support", "support"];
    const { setUserRoles } = dataOf(await gateway.send(SetUserRolesDocument, { userId: user.id, roles }, byAdmin()));
    expect(setUserRoles?.roles).toEqual(["user", "support"]);
    const detail = { before: ["user"], after: ["user", "support"] };
    expect(await eventsOf(user.id)).toMatchObject([{ type: "ROLES_CHANGED", actor_id: admin.user.id, detail }]);
  });

  test("the same roles in another order change nothing: nobody has to refresh", async () => {
    const { user, accessToken } = await gateway.register();
    dataOf(await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "support"] }, byAdmin()));
    const version = await versionOf(user.id);
    dataOf(await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["support", "user"] }, byAdmin()));
    expect(await versionOf(user.id)).toBe(version);
    expect(await eventsOf(user.id)).toHaveLength(1);
    expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken }))).toEqual(["UNAUTHENTICATED"]);
  });

  test("a role that the configuration does not know is refused, and the message lists those that it knows", async () => {
    const { user } = await gateway.register();
    const { errors } = await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "root"] }, byAdmin());
    expect(errors[0]?.extensions).toMatchObject({
      code: "BAD_USER_INPUT",
      fields: { roles: [expect.stringContaining("user, admin, support")] },
    });
    expect(await versionOf(user.id)).toBe(1);
  });
});

describe("disableUser and enableUser", () => {
  test("a disabled user is signed out and stays out until enabled; the reason is in the audit event", async () => {
    const held = await gateway.register();
    const variables = { userId: held.user.id, reason: " left the company " };
    dataOf(await gateway.send(DisableUserDocument, variables, byAdmin()));
    dataOf(await gateway.send(DisableUserDocument, { userId: held.user.id }, byAdmin()));
    expect(await eventsOf(held.user.id)).toMatchObject([
      { type: "SESSION_REVOKED", session_id: held.session.id, actor_id: admin.user.id, detail: { reason: "USER_DISABLED" } },
      { type: "USER_DISABLED", detail: { reason: "left the company", endedSessions: 1 } },
    ]);
    await expect(gateway.login(held.user.email)).rejects.toThrow("INVALID_CREDENTIALS");
    expect(dataOf(await gateway.send(EnableUserDocument, { userId: held.user.id }, byAdmin())).enableUser?.status).toBe("ACTIVE");
    await gateway.login(held.user.email);
    const { errors } = await gateway.send(RefreshDocument, { input: { refreshToken: held.refreshToken } });
    expect(errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "USER_DISABLED" });
    expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken }))).toEqual(["UNAUTHENTICATED"]);
  });

  test.each([["x".repeat(501)], ["broken \ud800"], ["NUL \0"]])("a reason that cannot be kept is refused: %j", async (reason) => {
    const { user } = await gateway.register();
    const { errors } = await gateway.send(DisableUserDocument, { userId: user.id, reason }, byAdmin());
    expect(errors[0]?.extensions.code).toBe("BAD_USER_INPUT");
    expect(dataOf(await gateway.send(EnableUserDocument, { userId: user.id }, byAdmin())).enableUser?.status).toBe("ACTIVE");
  });
});

test.each([
  ["an unknown id", randomUUID()],
  ["no id at all", "nobody'; drop table users"],
  ["nothing", ""],
])("%s is NOT_FOUND by every command", async (_name, userId) => {
  const commands = [
    gateway.send(SetUserRolesDocument, { userId, roles: ["user"] }, byAdmin()),
    gateway.send(DisableUserDocument, { userId }, byAdmin()),
    gateway.send(EnableUserDocument, { userId }, byAdmin()),
    gateway.send(ForceLogoutDocument, { userId }, byAdmin()),
    gateway.send(RevokeSessionDocument, { id: userId }, byAdmin()),
  ];
  for (const command of commands) expect(codesOf(await command)).toEqual(["NOT_FOUND"]);
});

test("nobody ends another one's session, and is not told that it exists", async () => {
  const [mine, theirs] = [await gateway.register(), await gateway.register()];
  const reply = await gateway.send(RevokeSessionDocument, { id: theirs.session.id }, { token: mine.accessToken });
  expect(codesOf(reply)).toEqual(["NOT_FOUND"]);
  dataOf(await gateway.send(MeFromTokenDocument, {}, { token: theirs.accessToken }));
});

test("a session that has ended keeps its reason", async () => {
  const phone = await gateway.register();
  const laptop = await gateway.login(phone.user.email);
  const again = () => gateway.send(RevokeSessionDocument, { id: laptop.session.id }, { token: phone.accessToken });
  const first = dataOf(await again()).revokeSession;
  gateway.clock.advance(5);
  expect(dataOf(await again()).revokeSession).toEqual(first);
  expect((await eventsOf(phone.user.id)).filter(({ type }) => type === "SESSION_REVOKED")).toHaveLength(1);
});

describe("the last admin", () => {
  let small: TestGateway;
  let one: AuthFieldsFragment;

  beforeAll(async () => {
    small = await startTestGateway();
    one = await small.registerAdmin();
  });
  afterAll(() => small.close());

  test("can be neither demoted nor disabled", async () => {
    const token = one.accessToken;
    expect(codesOf(await small.send(SetUserRolesDocument, { userId: one.user.id, roles: ["user"] }, { token }))).toEqual(["LAST_ADMIN"]);
    expect(codesOf(await small.send(DisableUserDocument, { userId: one.user.id }, { token }))).toEqual(["LAST_ADMIN"]);
    dataOf(await small.send(MeFromTokenDocument, {}, { token }));
  });

  test("a disabled admin does not count", async () => {
    const other = await small.registerAdmin();
    dataOf(await small.send(DisableUserDocument, { userId: other.user.id }, { token: one.accessToken }));
    const reply = await small.send(DisableUserDocument, { userId: one.user.id }, { token: one.accessToken });
    expect(codesOf(reply)).toEqual(["LAST_ADMIN"]);
  });

  test("of two who demote or disable each other at the same moment, through two processes, one remains", async () => {
    const twin = await startTestGateway({ database: small.database, clock: small.clock });
    for (let round = 0; round < rounds(6); round += 1) {
      await small.database.sql`update users set roles = '{user}' where 'admin' = any(roles)`;
      const [left, right] = [await small.registerAdmin(), await twin.registerAdmin()];
      const demote = { userId: right.user.id, roles: ["user"] };
      await Promise.all([
        small.send(SetUserRolesDocument, demote, { token: left.accessToken }),
        twin.send(DisableUserDocument, { userId: left.user.id }, { token: right.accessToken }),
      ]);
      const admins = await small.database.sql`select id from users where 'admin' = any(roles) and status = 'ACTIVE'`;
      expect(admins).toHaveLength(1);
    }
    await twin.close();
  });
});

test("a command is judged by the rows when it is carried out, whatever the process has heard so far", async () => {
  const demoted = await gateway.registerAdmin();
  const { user } = await gateway.register();
  // As if another process had demoted that admin a moment ago.
  await gateway.database.sql`update users set roles = '{user}', version = version + 1 where id = ${demoted.user.id}`;
  const reply = await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "admin"] }, { token: demoted.accessToken });
  expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
  expect(await versionOf(user.id)).toBe(1);
});

describe("races", () => {
  const ROUNDS = rounds(12);

  async function liveSessions(userId: string): Promise<number> {
    const rows = await gateway.database.sql`select id from sessions where user_id = ${userId} and ended_at is null`;
    return rows.length;
  }

  async function isRefused(token: string | undefined): Promise<boolean> {
    if (token === undefined) return true;
    return codesOf(await gateway.send(MeFromTokenDocument, {}, { token })).includes("UNAUTHENTICATED");
  }

  test("a refresh during logoutAll leaves no live session and no good access token", async () => {
    const held = await gateway.register();
    let current = held;
    for (let round = 0; round < ROUNDS; round += 1) {
      const refreshing = gateway.send(RefreshDocument, { input: { refreshToken: current.refreshToken } });
      const ending = gateway.send(LogoutAllDocument, {}, { token: current.accessToken });
      const [refreshed] = await Promise.all([refreshing, ending]);
      expect(await liveSessions(held.user.id)).toBe(0);
      expect(await isRefused(current.accessToken)).toBe(true);
      expect(await isRefused(refreshed.data?.refresh.accessToken)).toBe(true);
      current = await gateway.login(held.user.email);
    }
  });

  test("a refresh during a change of roles never leaves a good access token with the old roles", async () => {
    let current = await gateway.register();
    const { user } = current;
    for (let round = 0; round < ROUNDS; round += 1) {
      const roles = round % 2 === 0 ? ["user", "support"] : ["user"];
      const [refreshed] = await Promise.all([
        gateway.send(RefreshDocument, { input: { refreshToken: current.refreshToken } }),
        gateway.send(SetUserRolesDocument, { userId: user.id, roles }, byAdmin()),
      ]);
      current = dataOf(refreshed).refresh;
      const { data } = await gateway.send(MeFromTokenDocument, {}, { token: current.accessToken });
      if (data?.me) expect(data.me.roles).toEqual(roles);
    }
  });

  test("a login during disableUser leaves no live session", async () => {
    const { user } = await gateway.register();
    for (let round = 0; round < rounds(4); round += 1) {
      const input = { email: user.email, password: PASSWORD };
      const [login] = await Promise.all([
        gateway.send(LoginDocument, { input }),
        gateway.send(DisableUserDocument, { userId: user.id }, byAdmin()),
      ]);
      expect(await liveSessions(user.id)).toBe(0);
      expect(await isRefused(login.data?.login.accessToken)).toBe(true);
      dataOf(await gateway.send(EnableUserDocument, { userId: user.id }, byAdmin()));
    }
  });
});
