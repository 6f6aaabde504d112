import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  AuditEventsDocument,
  type AuditEventsQueryVariables,
  type AuthFieldsFragment,
  DisableUserDocument,
  EnableUserDocument,
  LoginDocument,
  LookUpUserDocument,
  RefreshDocument,
  UnlockUserDocument,
  UsersDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

let database: TestDatabase;
let gateway: TestGateway;
let other: TestGateway;
let admin: AuthFieldsFragment;
beforeAll(async () => {
  database = await createTestDatabase();
  const limits =
    "{ default: { max: 1000, window: 1m }, Mutation.register: off, Mutation.login: off, failedLoginsPerAccount: { max: 3, " +
    "window: 1h } }";
  const options = {
    database,
    limits,
    env: { TRUSTED_PROXIES: "127.0.0.1" },
    gatewayYaml: 'roles: { support: { scopes: ["users:read"] } }\n',
  };
  gateway = await startTestGateway(options);
  other = await startTestGateway({ ...options, clock: gateway.clock });
  admin = await gateway.registerAdmin();
});
afterAll(async () => {
  await Promise.all([gateway.close(), other.close()]);
  await database.drop();
});

const byAdmin = () => ({ token: admin.accessToken });

describe("the role support of the example", () => {
  test("looks one user up by address, in any spelling, or by id, and sees no list", async () => {
    const { user } = await gateway.register();
    const { user: helper } = await gateway.register();
    await database.sql`update users set roles = '{user,support}' where id = ${helper.id}`;
    const { accessToken: token } = await gateway.login(helper.email);
    const lookUp = async (emailOrId: string) => dataOf(await gateway.send(LookUpUserDocument, { emailOrId }, { token })).lookUpUser;
    for (const written of [user.email, user.email.toUpperCase(), ` ${user.email} `, user.id]) {
      expect(await lookUp(written)).toMatchObject({ id: user.id, email: user.email });
    }
    expect(await lookUp("nobody@example.net")).toBeNull();
    expect(await lookUp("no address")).toBeNull();
    expect(codesOf(await gateway.send(UsersDocument, {}, { token }))).toEqual(["FORBIDDEN"]);
  });
});

describe("a lock", () => {
  const wrong = (at: TestGateway, email: string) => at.send(LoginDocument, { input: { email, password: "another walk by the sea" } });
  const right = (at: TestGateway, email: string) => at.send(LoginDocument, { input: { email, password: PASSWORD } });

  test("of too many wrong passwords is lifted by an admin, in every process, and audited", async () => {
    const { user } = await gateway.register();
    for (let times = 0; times < 3; times += 1) expect(codesOf(await wrong(gateway, user.email))).toEqual(["INVALID_CREDENTIALS"]);
    for (const at of [gateway, other]) expect(codesOf(await right(at, user.email))).toEqual(["RATE_LIMITED"]);
    dataOf(await gateway.send(UnlockUserDocument, { userId: user.id }, byAdmin()));
    expect(codesOf(await right(gateway, user.email))).toEqual([]);
    // The other process remembers what it refused for a second.
    gateway.clock.advance(2);
    expect(codesOf(await right(other, user.email))).toEqual([]);
    const events = await database.sql`select actor_id, succeeded from audit_events where user_id = ${user.id} and type = 'USER_UNLOCKED'`;
    expect([...events]).toEqual([{ actor_id: admin.user.id, succeeded: true }]);
  });

  test("is lifted of one user alone", async () => {
    const [one, another] = [(await gateway.register()).user, (await gateway.register()).user];
    for (const { email } of [one, another]) for (let times = 0; times < 3; times += 1) await wrong(gateway, email);
    dataOf(await gateway.send(UnlockUserDocument, { userId: one.id }, byAdmin()));
    expect(codesOf(await right(gateway, another.email))).toEqual(["RATE_LIMITED"]);
  });
});

describe("the audit trail", () => {
  const eventsOf = async (filter: AuditEventsQueryVariables["filter"]) => {
    const { auditEvents } = dataOf(await gateway.send(AuditEventsDocument, { filter, first: 100 }, byAdmin()));
    return (auditEvents?.edges ?? []).map(({ node }) => node.type);
  };

  test("is filtered by who did it: to themselves and to others, newest first", async () => {
    const { user } = await gateway.register();
    dataOf(await gateway.send(DisableUserDocument, { userId: user.id }, byAdmin()));
    dataOf(await gateway.send(EnableUserDocument, { userId: user.id }, byAdmin()));
    expect((await eventsOf({ actorId: admin.user.id })).slice(0, 2)).toEqual(["USER_ENABLED", "USER_DISABLED"]);
    expect(await eventsOf({ actorId: admin.user.id })).toContain("LOGIN_SUCCEEDED");
    expect(await eventsOf({ actorId: admin.user.id, userId: user.id })).toContain("USER_DISABLED");
    expect(await eventsOf({ actorId: user.id })).toEqual(["REGISTERED"]);
    expect(await eventsOf({ actorId: admin.user.id, types: ["USER_ENABLED"] })).toEqual(["USER_ENABLED"]);
  });

  test("is filtered by address, in any spelling; refreshes are found with a user", async () => {
    const headers = { "x-forwarded-for": "203.0.113.77" };
    const { user } = await gateway.register();
    const login = dataOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }, { headers })).login;
    dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: login.refreshToken } }, { headers }));
    for (const ipAddress of ["203.0.113.77", "::ffff:203.0.113.77", "::FFFF:cb00:714d"]) {
      expect(await eventsOf({ ipAddress })).toEqual(["LOGIN_SUCCEEDED"]);
    }
    expect(await eventsOf({ ipAddress: "203.0.113.77", userId: user.id })).toEqual(["TOKEN_REFRESHED", "LOGIN_SUCCEEDED"]);
    expect(await eventsOf({ ipAddress: "203.0.113.78" })).toEqual([]);
  });

  test.each([
    [{ ipAddress: "nowhere" }, "filter.ipAddress"],
    [{ ipAddress: "203.0.113.77", types: ["TOKEN_REFRESHED" as const] }, "filter.ipAddress"],
    [{ actorId: "nobody" }, "filter.actorId"],
  ])("says what is wrong with %j", async (filter, field) => {
    const reply = await gateway.send(AuditEventsDocument, { filter }, byAdmin());
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", fields: { [field]: [expect.any(String)] } });
  });
});

test("a role that gateway.yaml no longer has is told of in the log, with how many users hold it", async () => {
  const own = await startTestGateway();
  const [one, two] = [await own.register(), await own.register()];
  await own.database.sql`update users set roles = '{user,editor}' where id in ${own.database.sql([one.user.id, two.user.id])}`;
  const next = await startTestGateway({ database: own.database });
  const told = () => next.logs.find(({ msg }) => String(msg).startsWith("users hold roles"));
  await until(() => told() !== undefined, 15_000);
  expect(told()).toMatchObject({ roles: { editor: 2 } });
  await next.close();
  await own.close();
});
