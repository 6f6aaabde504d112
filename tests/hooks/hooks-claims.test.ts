import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from "jose";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { refreshWithClaims } from "../../src/auth/sessions/refresh/refresh-with-claims.ts";
import { createFindRefreshingAccount } from "../../src/auth/sessions/refresh/refreshing-account-store.ts";
import { nowhere } from "../../src/core/origin.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import {
  DeleteAccountDocument,
  LoginDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RegisterDocument,
  SetUserRolesDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { ISSUER, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let hooks: HooksModule;
let gateway: TestGateway;
beforeAll(async () => {
  hooks = await writeHooks(["claims"]);
  gateway = await startTestGateway({ gatewayYaml: `roles: { support: {} }\nhooks: { module: ${hooks.path} }\n` });
});
afterAll(async () => {
  await gateway.close();
  await hooks.remove();
});
beforeEach(() => {
  hooks.current.claims = ({ id }) => ({ plan: "gold", tenant: { of: id } });
});
afterEach(() => void hooks.takeCalls());

const fail = () => {
  throw new Error("the customer database of acme is away");
};

/** As another service would. */
async function claimsOf(token: string) {
  const jwks = (await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  const options = { issuer: ISSUER, audience: ISSUER, typ: "at+jwt", currentDate: gateway.clock.now() };
  return (await jwtVerify(token, createLocalJWKSet(jwks), options)).payload;
}

async function count(table: string): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as count from ${gateway.database.sql(table)}`;
  return row?.count;
}
const counts = async () => [await count("users"), await count("sessions"), await count("audit_events"), await count("outbox")];
const sessionRow = async (id: string) => (await gateway.database.sql`select * from sessions where id = ${id}`)[0];
const refresh = (refreshToken: string | null | undefined) => gateway.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } });

test("every access token has them: at registration, login, refresh, and where a refresh is repeated", async () => {
  const registered = await gateway.register();
  const expected = { plan: "gold", tenant: { of: registered.user.id }, sub: registered.user.id, type: "access" };
  expect(await claimsOf(registered.accessToken)).toMatchObject({ ...expected, sid: registered.session.id });
  const signedIn = await gateway.login(registered.user.email);
  expect(await claimsOf(signedIn.accessToken)).toMatchObject({ ...expected, sid: signedIn.session.id });
  const first = dataOf(await refresh(signedIn.refreshToken)).refresh;
  const again = dataOf(await refresh(signedIn.refreshToken)).refresh;
  expect(again.refreshToken).toBe(first.refreshToken);
  for (const { accessToken } of [first, again]) expect(await claimsOf(accessToken)).toMatchObject(expected);
  expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: again.accessToken })).me?.id).toBe(registered.user.id);
});

test("they are asked for with what is known of the user, once for each token", async () => {
  const { user, refreshToken } = await gateway.register();
  await refresh(refreshToken);
  const known = { id: user.id, email: user.email, emailVerified: false, roles: ["user"], createdAt: new Date(user.createdAt) };
  expect(hooks.takeCalls()).toEqual([
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
  hooks.current.claims = (user) => {
    attempt(() => Object.assign(user, { id: "another", email: "another@example.com" }));
    attempt(() => (user.roles as string[]).push("admin"));
    user.createdAt.setTime(0);
    return {};
  };
  const { user, accessToken } = await gateway.register();
  expect(caught).toBe(2);
  expect(await claimsOf(accessToken)).toMatchObject({ sub: user.id, email: user.email, roles: ["user"] });
  expect(new Date(user.createdAt).getTime()).toBeGreaterThan(0);
});

test("whoever comes back before their account is erased has them, and stays to be erased where the hook fails", async () => {
  const { user, accessToken: token } = await gateway.register();
  dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
  const isToBeErased = async () =>
    (await gateway.database.sql`select 1 from users where id = ${user.id} and erasure_at is not null`).length;
  hooks.current.claims = fail;
  expect(codesOf(await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual(["SERVICE_UNAVAILABLE"]);
  expect(await isToBeErased()).toBe(1);
  hooks.current.claims = () => ({ plan: "welcome back" });
  expect(await claimsOf((await gateway.login(user.email)).accessToken)).toMatchObject({ plan: "welcome back" });
  expect(await isToBeErased()).toBe(0);
});

describe("where the hook fails, nothing has been done", () => {
  test("by a registration: no user, no session, no trace, and the address stays free", async () => {
    const credentials = { input: { email: newEmail(), password: PASSWORD } };
    const before = await counts();
    hooks.current.claims = fail;
    const reply = await gateway.send(RegisterDocument, credentials);
    expect(codesOf(reply)).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(reply.text).not.toContain("acme");
    expect(await counts()).toEqual(before);
    hooks.current.claims = () => ({});
    expect(dataOf(await gateway.send(RegisterDocument, credentials)).register.user.email).toBe(credentials.input.email);
  });

  test("by a login: no session, and the last login is the one before", async () => {
    const { user } = await gateway.register();
    const [row] = await gateway.database.sql`select last_login_at from users where id = ${user.id}`;
    const before = await counts();
    hooks.current.claims = fail;
    const reply = await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } });
    expect(codesOf(reply)).toEqual(["SERVICE_UNAVAILABLE"]);
    expect(reply.text).not.toContain("acme");
    expect(await counts()).toEqual(before);
    expect((await gateway.database.sql`select last_login_at from users where id = ${user.id}`)[0]).toEqual(row);
  });

  test("by a refresh: the token is as good as before", async () => {
    const { session, refreshToken } = await gateway.register();
    const before = [await sessionRow(session.id), await counts()];
    hooks.current.claims = fail;
    for (let tries = 0; tries < 2; tries += 1) expect(codesOf(await refresh(refreshToken))).toEqual(["SERVICE_UNAVAILABLE"]);
    expect([await sessionRow(session.id), await counts()]).toEqual(before);
    hooks.current.claims = () => ({ plan: "silver" });
    const { accessToken } = dataOf(await refresh(refreshToken)).refresh;
    expect(await claimsOf(accessToken)).toMatchObject({ plan: "silver" });
    expect((await sessionRow(session.id))?.generation).toBe(1);
  });

  test("and the operator is told which hook, and what it threw", async () => {
    hooks.current.claims = fail;
    await gateway.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } });
    expect(gateway.logs.findLast(({ msg }) => msg === "a hook failed")).toMatchObject({
      hook: "claims",
      err: { message: "the customer database of acme is away" },
    });
  });
});

test("a login that fails by the hook gives its attempt back", async () => {
  const strict = await startTestGateway({
    limits: "{ Mutation.login: { max: 2, window: 15m }, failedLoginsPerAccount: { max: 2, window: 1h } }",
    gatewayYaml: `hooks: { module: ${hooks.path} }\n`,
  });
  const { user } = await strict.register();
  hooks.current.claims = fail;
  const credentials = { input: { email: user.email, password: PASSWORD } };
  for (let tries = 0; tries < 4; tries += 1)
    expect(codesOf(await strict.send(LoginDocument, credentials))).toEqual(["SERVICE_UNAVAILABLE"]);
  hooks.current.claims = () => ({});
  expect(codesOf(await strict.send(LoginDocument, credentials))).toEqual([]);
  await strict.close();
});

describe("who is not to have a token asks nobody", () => {
  test("whoever gives a wrong password, or an unknown address", async () => {
    const { user } = await gateway.register();
    hooks.takeCalls();
    for (const email of [user.email, newEmail()]) {
      const reply = await gateway.send(LoginDocument, { input: { email, password: "another walk by the sea" } });
      expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
    }
    expect(hooks.takeCalls()).toEqual([]);
  });

  test("whoever registers a known address", async () => {
    const { user } = await gateway.register();
    hooks.takeCalls();
    expect(codesOf(await gateway.send(RegisterDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual(["EMAIL_TAKEN"]);
    expect(hooks.takeCalls()).toEqual([]);
  });

  test("a refresh token that is not genuine, though its session lives", async () => {
    const [mine, other] = [await gateway.register(), await gateway.register()];
    const bytes = (token: string | null | undefined) => Buffer.from((token ?? "").slice(4), "base64url");
    const forged = Buffer.concat([bytes(mine.refreshToken).subarray(0, 16), bytes(other.refreshToken).subarray(16)]);
    hooks.takeCalls();
    expect(codesOf(await refresh(`rt1_${forged.toString("base64url")}`))).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(codesOf(await refresh("rt1_nonsense"))).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(hooks.takeCalls()).toEqual([]);
  });

  test("a stolen refresh token: it ends its session also while the hook fails", async () => {
    const { session, refreshToken } = await gateway.register();
    const second = dataOf(await refresh(refreshToken)).refresh.refreshToken;
    await refresh(second);
    hooks.takeCalls();
    hooks.current.claims = fail;
    expect(codesOf(await refresh(refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(hooks.takeCalls()).toEqual([]);
    expect((await sessionRow(session.id))?.end_reason).toBe("REUSE_DETECTED");
  });

  test("the direct predecessor after its grace, which is stolen too", async () => {
    const { refreshToken } = await gateway.register();
    await refresh(refreshToken);
    hooks.takeCalls();
    gateway.clock.advance(31);
    expect(codesOf(await refresh(refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(hooks.takeCalls()).toEqual([]);
  });

  test("a session that has ended, or whose user is disabled", async () => {
    const [ended, disabled] = [await gateway.register(), await gateway.register()];
    await gateway.database.sql`update sessions set ended_at = now(), end_reason = 'LOGOUT' where id = ${ended.session.id}`;
    await gateway.database.sql`update users set status = 'DISABLED' where id = ${disabled.user.id}`;
    hooks.takeCalls();
    for (const { refreshToken } of [ended, disabled]) expect(codesOf(await refresh(refreshToken))).toEqual(["SESSION_ENDED"]);
    expect(hooks.takeCalls()).toEqual([]);
  });
});

test("simultaneous refreshes of one token get one successor, all with claims", async () => {
  const { refreshToken } = await gateway.register();
  const replies = await Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
  const payloads = replies.map((reply) => dataOf(reply).refresh);
  expect(new Set(payloads.map((payload) => payload.refreshToken)).size).toBe(1);
  for (const { accessToken } of payloads) expect(await claimsOf(accessToken)).toMatchObject({ plan: "gold" });
});

test.each(["login", "refresh"] as const)(
  "claims of roles that were taken away while the hook was asked by a %s are in no token that counts",
  async (operation) => {
    const admin = await gateway.registerAdmin();
    const { user, refreshToken } = await gateway.register();
    await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user", "support"] }, { token: admin.accessToken });
    hooks.current.claims = async ({ roles }) => {
      hooks.current.claims = (now) => ({ mayAnswer: now.roles.includes("support") });
      await gateway.send(SetUserRolesDocument, { userId: user.id, roles: ["user"] }, { token: admin.accessToken });
      return { mayAnswer: roles.includes("support") };
    };
    const held = operation === "login" ? await gateway.login(user.email) : dataOf(await refresh(refreshToken)).refresh;
    const reply = await gateway.send(MeFromTokenDocument, {}, { token: held.accessToken });
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
    const next = dataOf(await refresh(held.refreshToken)).refresh;
    expect(await claimsOf(next.accessToken)).toMatchObject({ mayAnswer: false, roles: ["user"] });
    expect(dataOf(await gateway.send(MeFromTokenDocument, {}, { token: next.accessToken })).me?.roles).toEqual(["user"]);
  },
);

test("a user who is enabled between the question and the rotation gets claims all the same", async () => {
  const plain = await startTestGateway({ database: gateway.database });
  const { user, refreshToken } = await plain.register();
  const setStatus = (status: string) => gateway.database.sql`update users set status = ${status} where id = ${user.id}`;
  const { database, close } = openDatabase({ url: gateway.database.url, schema: SCHEMA, poolSize: 1 });
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
  const held = await refreshing({ refreshToken: refreshToken ?? "" }, nowhere);
  expect(held.customClaims?.values).toEqual({ of: user.id });
  await close();
  await plain.close();
});
