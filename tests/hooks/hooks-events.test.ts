import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuditEvent } from "../../src/auth/audit/audit-events.ts";
import { createNotifiedHooks } from "../../src/hooks/notified-hooks.ts";
import {
  ChangePasswordDocument,
  ForceLogoutDocument,
  LoginDocument,
  LogoutAllDocument,
  LogoutDocument,
  RefreshDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { type HooksModule, writeHooks } from "../support/processes/hooks-module.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

let hooks: HooksModule;
let gateway: TestGateway;
beforeAll(async () => {
  hooks = await writeHooks(["afterLogin", "onSessionEnded"]);
  gateway = await startTestGateway({ gatewayYaml: `hooks: { module: ${hooks.path} }\n` });
});
afterAll(async () => {
  await gateway.close();
  await hooks.remove();
});
beforeEach(() => {
  hooks.current.afterLogin = () => undefined;
  hooks.current.onSessionEnded = () => undefined;
  hooks.takeCalls();
});

/** All that has been told once as much as expected has been. */
async function told(count: number) {
  const all: ReturnType<HooksModule["takeCalls"]>[number][] = [];
  await until(() => {
    all.push(...hooks.takeCalls());
    return all.length >= count;
  }, 10_000);
  return all;
}
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

test("a login is told with whose and which session it is, and where it came from", async () => {
  const { user } = await gateway.register();
  const { session } = dataOf(
    await gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }, { headers: { "user-agent": "Ada's browser" } }),
  ).login;
  const [event] = await gateway.database.sql`select * from audit_events where session_id = ${session.id}`;
  expect(await told(1)).toEqual([
    [
      "afterLogin",
      {
        id: event?.id,
        occurredAt: event?.occurred_at,
        userId: user.id,
        sessionId: session.id,
        ipAddress: "127.0.0.1",
        userAgent: "Ada's browser",
      },
    ],
  ]);
});

test("a failed login is told to nobody", async () => {
  const { user } = await gateway.register();
  await gateway.send(LoginDocument, { input: { email: user.email, password: "another walk by the sea" } });
  const { session } = await gateway.login(user.email);
  expect(await told(1)).toMatchObject([["afterLogin", { sessionId: session.id }]]);
});

describe("each session that ends is told once, with its reason", () => {
  test("by a logout", async () => {
    const { session, accessToken: token } = await gateway.register();
    await gateway.send(LogoutDocument, {}, { token });
    expect(await told(1)).toMatchObject([["onSessionEnded", { sessionId: session.id, reason: "LOGOUT" }]]);
  });

  test("by a logout everywhere, the caller's own one included", async () => {
    const phone = await gateway.register();
    const laptop = await gateway.login(phone.user.email);
    await told(1);
    await gateway.send(LogoutAllDocument, {}, { token: laptop.accessToken });
    const ends = (await told(2)).map(([, end]) => end as { sessionId: string; reason: string });
    expect(ends.map(({ sessionId }) => sessionId).sort()).toEqual([phone.session.id, laptop.session.id].sort());
    expect(ends.map(({ reason }) => reason)).toEqual(["LOGOUT_ALL", "LOGOUT_ALL"]);
  });

  test("by a new password, which the caller's own session outlives", async () => {
    const phone = await gateway.register();
    const laptop = await gateway.login(phone.user.email);
    await told(1);
    const input = { currentPassword: PASSWORD, newPassword: "another walk by the sea" };
    dataOf(await gateway.send(ChangePasswordDocument, { input }, { token: laptop.accessToken }));
    expect(await told(1)).toMatchObject([["onSessionEnded", { sessionId: phone.session.id, reason: "PASSWORD_CHANGED" }]]);
  });

  test("by an old refresh token", async () => {
    const { session, refreshToken } = await gateway.register();
    const second = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh;
    await gateway.send(RefreshDocument, { input: { refreshToken: second.refreshToken } });
    expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken } }))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await told(1)).toMatchObject([["onSessionEnded", { sessionId: session.id, reason: "REUSE_DETECTED" }]]);
  });

  test("by an admin", async () => {
    const admin = await gateway.registerAdmin();
    const { user, session } = await gateway.register();
    await told(1);
    await gateway.send(ForceLogoutDocument, { userId: user.id }, { token: admin.accessToken });
    expect(await told(1)).toMatchObject([["onSessionEnded", { sessionId: session.id, reason: "REVOKED_BY_ADMIN" }]]);
  });
});

test("what has been told is committed already", async () => {
  const { user } = await gateway.register();
  const seen: unknown[] = [];
  hooks.current.afterLogin = async ({ sessionId }) => {
    seen.push((await gateway.database.sql`select user_id from sessions where id = ${sessionId}`)[0]);
  };
  await gateway.login(user.email);
  await until(() => seen.length > 0, 10_000);
  expect(seen).toEqual([{ user_id: user.id }]);
});

test("a caller neither waits for a hook nor learns that it fails; the operator does", async () => {
  const { user } = await gateway.register();
  let release: () => void = () => undefined;
  hooks.current.afterLogin = () =>
    new Promise((_resolve, reject) => {
      release = () => reject(new Error("no route to crm.internal"));
    });
  // Answered while the hook is still under way.
  expect(await gateway.login(user.email)).toMatchObject({ user: { id: user.id } });
  await told(1);
  release();
  await until(() => gateway.logs.some(({ hook }) => hook === "afterLogin"), 10_000);
  expect(gateway.logs.findLast(({ hook }) => hook === "afterLogin")).toMatchObject({ err: { message: "no route to crm.internal" } });
  hooks.current.afterLogin = () => {
    throw null;
  };
  expect(await gateway.login(user.email)).toMatchObject({ user: { id: user.id } });
});

describe("a hook that is too slow", () => {
  const login = (sessionId: string): AuditEvent => ({
    id: sessionId,
    type: "LOGIN_SUCCEEDED",
    occurredAt: new Date(),
    userId: "u",
    actorId: "u",
    sessionId,
    ipAddress: null,
    userAgent: null,
    succeeded: true,
    detail: null,
  });

  /** A hook whose calls end when the test says so. */
  function create(timeoutMilliseconds: number) {
    const ends: (() => void)[] = [];
    const problems: string[] = [];
    const afterLogin = () => new Promise<void>((resolve) => ends.push(resolve));
    const notified = createNotifiedHooks({ afterLogin }, { timeoutMilliseconds, onProblem: ({ error }) => problems.push(error.message) });
    const notify = (count: number) => {
      for (let index = 0; index < count; index += 1) notified.heed(login(`s-${index}`));
    };
    return { ends, problems, notified, notify };
  }

  test("is called at most twenty times at once, and later for the others", async () => {
    const { ends, problems, notified, notify } = create(60_000);
    notify(25);
    await nextTurn();
    expect(ends).toHaveLength(20);
    for (const end of ends.splice(0, 2)) end();
    await nextTurn();
    expect(ends).toHaveLength(20);
    while (ends.length > 0) {
      for (const end of ends.splice(0)) end();
      await nextTurn();
    }
    expect(problems).toEqual([]);
    await notified.stop();
  });

  test("keeps at most a thousand waiting; the operator is told once that others are left out", async () => {
    const { ends, problems, notified, notify } = create(60_000);
    notify(5000);
    await nextTurn();
    expect(problems).toEqual(["It is too slow for what happens: some events are left out."]);
    let calls = 0;
    while (ends.length > 0) {
      calls += ends.splice(0).map((end) => end()).length;
      await nextTurn();
    }
    expect(calls).toBe(1020);
    notify(1);
    await nextTurn();
    expect(ends).toHaveLength(1);
    ends[0]?.();
    await notified.stop();
  });

  test("that never ends makes room when its time is over, and does not keep a process from stopping", async () => {
    const { ends, problems, notified, notify } = create(20);
    notify(21);
    await until(() => ends.length === 21, 10_000);
    notify(3);
    await notified.stop();
    expect(problems.length).toBeGreaterThanOrEqual(21);
    expect(new Set(problems)).toEqual(new Set(["There was no answer in time."]));
  });
});
