import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  ChangePasswordDocument,
  DisableUserDocument,
  ForceLogoutDocument,
  LogoutAllDocument,
  LogoutDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RevokeSessionDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type ServerProcess, startServerProcess } from "../support/processes/server-process.ts";
import { createSignIn, PASSWORD, type SignIn } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

const NEW_PASSWORD = "another walk by another sea";

let database: TestDatabase;
let a: Server;
let b: Server;
let admin: AuthFieldsFragment;

interface Server extends ServerProcess, SignIn {}

async function startServer(): Promise<Server> {
  const server = await startServerProcess({ DATABASE_URL: database.url });
  return { ...server, ...createSignIn(server, database) };
}

beforeAll(async () => {
  database = await createTestDatabase();
  [a, b] = await Promise.all([startServer(), startServer()]);
  admin = await a.registerAdmin();
});

afterAll(async () => {
  await Promise.all([a.stop(), b.stop()]);
  await database.drop();
});

async function reasonAt(gateway: Server, token: string): Promise<unknown> {
  const { errors } = await gateway.send(MeFromTokenDocument, {}, { token });
  return errors[0]?.extensions.reason;
}

/** Waits for another process, which hears of it through PostgreSQL; a second is far more than it takes. */
async function expectRefusedEverywhere(token: string): Promise<void> {
  expect(await reasonAt(a, token)).toBe("revoked");
  await until(async () => (await reasonAt(b, token)) === "revoked", 1000);
}

async function endReasonOf(held: AuthFieldsFragment): Promise<unknown> {
  const { errors } = await b.send(RefreshDocument, { input: { refreshToken: held.refreshToken } });
  return errors[0]?.extensions.endReason;
}

interface Devices {
  readonly phone: AuthFieldsFragment;
  readonly laptop: AuthFieldsFragment;
}

/** Both tokens have been used at B, so that B remembers them as verified. */
async function signInTwice(): Promise<Devices> {
  const phone = await a.register();
  const laptop = await b.login(phone.user.email);
  for (const { accessToken } of [phone, laptop]) expect(await reasonAt(b, accessToken)).toBeUndefined();
  return { phone, laptop };
}

describe("what happens at process A is seen at process B", () => {
  test("logout ends the access token of its session only", async () => {
    const { phone, laptop } = await signInTwice();
    dataOf(await a.send(LogoutDocument, {}, { token: phone.accessToken }));
    await expectRefusedEverywhere(phone.accessToken);
    expect(await reasonAt(b, laptop.accessToken)).toBeUndefined();
  });

  test("revokeSession ends the named session only", async () => {
    const { phone, laptop } = await signInTwice();
    const { revokeSession } = dataOf(await a.send(RevokeSessionDocument, { id: laptop.session.id }, { token: phone.accessToken }));
    expect(revokeSession).toMatchObject({ id: laptop.session.id, endReason: "REVOKED_BY_USER", current: false });
    await expectRefusedEverywhere(laptop.accessToken);
    expect(await reasonAt(b, phone.accessToken)).toBeUndefined();
    expect(await endReasonOf(laptop)).toBe("REVOKED_BY_USER");
  });

  test("logoutAll ends every session, the caller's included", async () => {
    const { phone, laptop } = await signInTwice();
    const { logoutAll } = dataOf(await a.send(LogoutAllDocument, {}, { token: phone.accessToken }));
    expect(logoutAll?.endedSessions).toBe(2);
    await expectRefusedEverywhere(phone.accessToken);
    await expectRefusedEverywhere(laptop.accessToken);
    expect(await endReasonOf(laptop)).toBe("LOGOUT_ALL");
    expect(await reasonAt(b, (await b.login(phone.user.email)).accessToken)).toBeUndefined();
  });

  test("changePassword ends the other sessions; this one goes on with a refresh", async () => {
    const { phone, laptop } = await signInTwice();
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    dataOf(await a.send(ChangePasswordDocument, { input }, { token: phone.accessToken }));
    await expectRefusedEverywhere(laptop.accessToken);
    await expectRefusedEverywhere(phone.accessToken);
    expect(await endReasonOf(laptop)).toBe("PASSWORD_CHANGED");
    const { refresh } = dataOf(await b.send(RefreshDocument, { input: { refreshToken: phone.refreshToken } }));
    expect(refresh.session.id).toBe(phone.session.id);
    expect(await reasonAt(b, refresh.accessToken)).toBeUndefined();
    await expect(b.login(phone.user.email)).rejects.toThrow("INVALID_CREDENTIALS");
    await b.login(phone.user.email, NEW_PASSWORD);
  });

  test("forceLogout ends every session of the user", async () => {
    const { phone, laptop } = await signInTwice();
    const { forceLogout } = dataOf(await a.send(ForceLogoutDocument, { userId: phone.user.id }, { token: admin.accessToken }));
    expect(forceLogout?.endedSessions).toBe(2);
    await expectRefusedEverywhere(phone.accessToken);
    await expectRefusedEverywhere(laptop.accessToken);
    expect(await endReasonOf(phone)).toBe("REVOKED_BY_ADMIN");
  });

  test("disableUser ends every session, and nobody signs in", async () => {
    const { phone, laptop } = await signInTwice();
    const variables = { userId: phone.user.id, reason: "a stolen laptop" };
    const { disableUser } = dataOf(await a.send(DisableUserDocument, variables, { token: admin.accessToken }));
    expect(disableUser?.status).toBe("DISABLED");
    await expectRefusedEverywhere(phone.accessToken);
    await expectRefusedEverywhere(laptop.accessToken);
    expect(await endReasonOf(phone)).toBe("USER_DISABLED");
    await expect(b.login(phone.user.email)).rejects.toThrow("INVALID_CREDENTIALS");
  });

  test("setUserRoles refuses the old access tokens; the next refresh carries the new roles", async () => {
    const { phone, laptop } = await signInTwice();
    const roles = ["user", "admin"];
    dataOf(await a.send(SetUserRolesDocument, { userId: phone.user.id, roles }, { token: admin.accessToken }));
    await expectRefusedEverywhere(phone.accessToken);
    await expectRefusedEverywhere(laptop.accessToken);
    const { refresh } = dataOf(await b.send(RefreshDocument, { input: { refreshToken: laptop.refreshToken } }));
    const { me } = dataOf(await b.send(MeFromTokenDocument, {}, { token: refresh.accessToken }));
    expect(me?.roles).toEqual(roles);
    expect(refresh.session.id).toBe(laptop.session.id);
  });
});

test("a process that starts later knows what was revoked before", async () => {
  const { phone, laptop } = await signInTwice();
  dataOf(await a.send(LogoutDocument, {}, { token: phone.accessToken }));
  dataOf(await a.send(SetUserRolesDocument, { userId: laptop.user.id, roles: [] }, { token: admin.accessToken }));
  const late = await startServer();
  expect(await reasonAt(late, phone.accessToken)).toBe("revoked");
  expect(await reasonAt(late, laptop.accessToken)).toBe("revoked");
  await late.stop();
});

test("a revocation is forgotten when every token that it concerns has expired, and not before", async () => {
  const { phone } = await signInTwice();
  dataOf(await a.send(LogoutDocument, {}, { token: phone.accessToken }));
  const [row] = await database.sql`select expires_at from revocations where subject_id = ${phone.session.id}`;
  const { exp } = JSON.parse(Buffer.from(phone.accessToken.split(".")[1] ?? "", "base64url").toString());
  expect(row?.expires_at.getTime()).toBeGreaterThan(exp * 1000);
  expect(row?.expires_at.getTime()).toBeLessThan(exp * 1000 + 600_000);
});

test("an old password ends nothing and changes nothing", async () => {
  const { phone, laptop } = await signInTwice();
  const input = { currentPassword: "not my password", newPassword: NEW_PASSWORD };
  const reply = await a.send(ChangePasswordDocument, { input }, { token: phone.accessToken });
  expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
  expect(await reasonAt(b, laptop.accessToken)).toBeUndefined();
  await b.login(phone.user.email);
});
