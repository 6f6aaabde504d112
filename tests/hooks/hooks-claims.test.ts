import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { refreshWithClaims } from "../../src/auth/sessions/refresh/refresh-with-claims.ts";
import { createFindRefreshingAccount } from "../../src/auth/sessions/refresh/refreshing-account-store.ts";
import { noClient } from "../../src/core/client-info.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import {
  DeleteAccountDocument,
  LoginDocument,
  MeFromTokenDocument,
  RegisterDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { ISSUER, startTestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { fail, hookClaims } from "./claims-hook.ts";

const hooked = hookClaims();
const { sessionRow, refresh } = hooked;

/** As another service would. */
async function claimsOf(token: string) {
  const jwks = (await (await fetch(`${hooked.gateway.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  const options = { issuer: ISSUER, audience: ISSUER, typ: "at+jwt", currentDate: hooked.gateway.clock.now() };
  return (await jwtVerify(token, createLocalJWKSet(jwks), options)).payload;
}

async function count(table: string): Promise<number> {
  const [row] = await hooked.gateway.database.sql`select count(*)::int as count from ${hooked.gateway.database.sql(table)}`;
  return row?.count;
}
const counts = async () => [await count("users"), await count("sessions"), await count("audit_events"), await count("outbox")];

test("every access token has them: at registration, login, refresh, and where a refresh is repeated", async () => {
  const registered = await hooked.gateway.register();
  const expected = { plan: "gold", tenant: { of: registered.user.id }, sub: registered.user.id, type: "access" };
  expect(await claimsOf(registered.accessToken)).toMatchObject({ ...expected, sid: registered.session.id });
  const signedIn = await hooked.gateway.login(registered.user.email);
  expect(await claimsOf(signedIn.accessToken)).toMatchObject({ ...expected, sid: signedIn.session.id });
  const first = dataOf(await refresh(signedIn.refreshToken)).refresh;
  const again = dataOf(await refresh(signedIn.refreshToken)).refresh;
  expect(again.refreshToken).toBe(first.refreshToken);
  for (const { accessToken } of [first, again]) expect(await claimsOf(accessToken)).toMatchObject(expected);
  expect(dataOf(await hooked.gateway.send(MeFromTokenDocument, {}, { token: again.accessToken })).me?.id).toBe(registered.user.id);
});

test("they are asked for with what is known of the user, once for each token", async () => {
  const { user, refreshToken } = await hooked.gateway.register();
  await refresh(refreshToken);
  const known = { id: user.id, email: user.email, emailVerified: false, roles: ["user"], createdAt: new Date(user.createdAt) };
  expect(hooked.hooks.takeCalls()).toEqual([
    ["claims", known],
    ["claims", known],
  ]);
});

test("nothing that the hook does to its argument reaches the account", async () => {
  let caught = 0;
  const attempt = (change: () => unknown) => {
    try {
      change();
    } catch {
      caught += 1;
    }
  };
  hooked.hooks.current.claims = (user) => {
    attempt(() => Object.assign(user, { id: "another", email: "another@example.com" }));
    attempt(() => (user.roles as string[]).push("admin"));
    user.createdAt.setTime(0);
    return {};
  };
  const { user, accessToken } = await hooked.gateway.register();
  expect(caught).toBe(2);
  expect(await claimsOf(accessToken)).toMatchObject({ sub: user.id, email: user.email, roles: ["user"] });
  expect(new Date(user.createdAt).getTime()).toBeGreaterThan(0);
});

test("whoever comes back before their account is erased has them, and stays to be erased where the hook fails", async () => {
  const { user, accessToken: token } = await hooked.gateway.register();
  dataOf(await hooked.gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
  const isToBeErased = async () =>
    (await hooked.gateway.database.sql`select 1 from users where id = ${user.id} and erasure_at is not null`).length;
  hooked.hooks.current.claims = fail;
  expect(codesOf(await hooked.gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual([
    "SERVICE_UNAVAILABLE",
  ]);
  expect(await isToBeErased()).toBe(1);
  hooked.hooks.current.claims = () => ({ plan: "welcome back" });
  expect(await claimsOf((await hooked.gateway.login(user.email)).accessToken)).toMatchObject({ plan: "welcome back" });
  expect(await isToBeErased()).toBe(0);
});

describe("where the hook fails, nothing has been done", () => {
  test("by a registration: no user, no session, no trace, and the address stays free", async () => {
    const credentials = { input: { email: newEmail(), password: PASSWORD } };
    const before = await counts();
    hooked.hooks.current.claims = fail;
    const reply = await hooked.gateway.send(RegisterDocument, credentials);
    expect(codesOf(reply)).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(reply.text).not.toContain("acme");
    expect(await counts()).toEqual(before);
    hooked.hooks.current.claims = () => ({});
    expect(dataOf(await hooked.gateway.send(RegisterDocument, credentials)).register.user.email).toBe(credentials.input.email);
  });

  test("by a login: no session, and the last login is the one before", async () => {
    const { user } = await hooked.gateway.register();
    const [row] = await hooked.gateway.database.sql`select last_login_at from users where id = ${user.id}`;
    const before = await counts();
    hooked.hooks.current.claims = fail;
    const reply = await hooked.gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } });
    expect(codesOf(reply)).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(reply.text).not.toContain("acme");
    expect(await counts()).toEqual(before);
    expect((await hooked.gateway.database.sql`select last_login_at from users where id = ${user.id}`)[0]).toEqual(row);
  });

  test("by a refresh: the token is as good as before", async () => {
    const { session, refreshToken } = await hooked.gateway.register();
    const before = [await sessionRow(session.id), await counts()];
    hooked.hooks.current.claims = fail;
    for (let tries = 0; tries < 2; tries += 1) expect(codesOf(await refresh(refreshToken))).toEqual(["SERVICE_UNAVAILABLE"]);
    expect([await sessionRow(session.id), await counts()]).toEqual(before);
    hooked.hooks.current.claims = () => ({ plan: "silver" });
    const { accessToken } = dataOf(await refresh(refreshToken)).refresh;
    expect(await claimsOf(accessToken)).toMatchObject({ plan: "silver" });
    expect((await sessionRow(session.id))?.generation).toBe(1);
  });

  test("and the operator is told which hook, and what it threw", async () => {
    hooked.hooks.current.claims = fail;
    await hooked.gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
    expect(hooked.gateway.logs.findLast(({ msg }) => msg === "a hook failed")).toMatchObject({
      hook: "claims",
      err: { message: "the customer database of acme is away" },
    });
  });
});

test("a login that fails by the hook gives its attempt back", async () => {
  const strict = await startTestGateway({
    limits: "{ Mutation.login: { max: 2, window: 15m }, failedLoginsPerAccount: { max: 2, window: 1h } }",
    gatewayYaml: `hooks: { module: ${hooked.hooks.path} }\n`,
  });
  const { user } = await strict.register();
  hooked.hooks.current.claims = fail;
  const credentials = { input: { email: user.email, password: PASSWORD } };
  for (let tries = 0; tries < 4; tries += 1)
    expect(codesOf(await strict.send(LoginDocument, credentials))).toEqual(["SERVICE_UNAVAILABLE"]);
  hooked.hooks.current.claims = () => ({});
  expect(codesOf(await strict.send(LoginDocument, credentials))).toEqual([]);
  await strict.close();
});

test("simultaneous refreshes of one token get one successor, all with claims", async () => {
  const { refreshToken } = await hooked.gateway.register();
  const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
  const payloads = replies.map((reply) => dataOf(reply).refresh);
  expect(new Set(payloads.map((payload) => payload.refreshToken)).size).toBe(1);
  for (const { accessToken } of payloads) expect(await claimsOf(accessToken)).toMatchObject({ plan: "gold" });
});

test.each(["login", "refresh"] as const)(
  "claims of roles that were taken away while the hook was asked by a %s are in no token that counts",
  async (operation) => {
    const admin = await hooked.gateway.registerAdmin();
    const { user, refreshToken } = await hooked.gateway.register();
    await hooked.gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "support"] }, { token: admin.accessToken });
    hooked.hooks.current.claims = async ({ roles }) => {
      hooked.hooks.current.claims = (now) => ({ mayAnswer: now.roles.includes("support") });
      await hooked.gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user"] }, { token: admin.accessToken });
      return { mayAnswer: roles.includes("support") };
    };
    const held = operation === "login" ? await hooked.gateway.login(user.email) : dataOf(await refresh(refreshToken)).refresh;
    const reply = await hooked.gateway.send(MeFromTokenDocument, {}, { token: held.accessToken });
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
    const next = dataOf(await refresh(held.refreshToken)).refresh;
    expect(await claimsOf(next.accessToken)).toMatchObject({ mayAnswer: false, roles: ["user"] });
    expect(dataOf(await hooked.gateway.send(MeFromTokenDocument, {}, { token: next.accessToken })).me?.roles).toEqual(["user"]);
  },
);

test("a user who is enabled between the question and the rotation gets claims all the same", async () => {
  const plain = await startTestGateway({ database: hooked.gateway.database });
  const { user, refreshToken } = await plain.register();
  const setStatus = (status: string) => hooked.gateway.database.sql`update users set status = ${status} where id = ${user.id}`;
  const { database, close } = openDatabase({ url: hooked.gateway.database.url, schema: SCHEMA, poolSize: 1 });
  const find = createFindRefreshingAccount(database);
  const refreshing = refreshWithClaims(
    plain.auth.sessions.refresh,
    {
      async findRefreshingAccount(token) {
        const found = await find(token);
        await setStatus("ACTIVE");
        return found;
      },
      askForClaims: async ({ id, version }) => ({ values: { of: id }, version }),
      clock: plain.clock.now,
    },
    { idleTtlSeconds: 60, maxTtlSeconds: 60, refreshGraceSeconds: 30, accessTokenTtlSeconds: 60 },
  );
  await setStatus("DISABLED");
  const held = await refreshing({ refreshToken: refreshToken ?? "" }, noClient);
  expect(held.customClaims?.values).toEqual({ of: user.id });
  await close();
  await plain.close();
});
