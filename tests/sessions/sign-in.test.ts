import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, LogoutDocument, MeDocument, MeFromTokenDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { fullHashing, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: fullHashing });
});
afterAll(() => gateway.close());

async function auditTypes(sessionId: string): Promise<string[]> {
  const rows = await gateway.database.sql`select type from audit_events where session_id = ${sessionId} order by id`;
  return rows.map((row) => row.type);
}

describe("register", () => {
  test("creates a user and opens the first session", async () => {
    const email = newEmail();
    const { register } = dataOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }));
    expect(register).toMatchObject({
      tokenType: "Bearer",
      expiresIn: 900,
      user: { email, emailVerified: false, roles: ["user"], status: "ACTIVE" },
      session: { current: false, endedAt: null, endReason: null, ipAddress: "127.0.0.1" },
    });
    const { me } = dataOf(await gateway.send(MeDocument, {}, { token: register.accessToken }));
    expect(me).toEqual(register.user);
    expect(await auditTypes(register.session.id)).toEqual(["REGISTERED"]);
  });

  test("stores an argon2id hash and no token", async () => {
    const { user, refreshToken } = await gateway.register();
    const [row] = await gateway.database.sql`select to_jsonb(users) || to_jsonb(sessions) as everything, password_hash
      from users join sessions on sessions.user_id = users.id where users.id = ${user.id}`;
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const stored = JSON.stringify(row);
    const secret = Buffer.from(refreshToken?.slice(4) ?? "", "base64url");
    expect(stored).not.toContain(secret.subarray(16, 48).toString("hex"));
    expect(stored).not.toContain(secret.subarray(48).toString("hex"));
    expect(stored).not.toContain(PASSWORD);
  });

  test.each([
    ["the same spelling", (email: string) => email],
    ["capitals", (email: string) => email.toUpperCase()],
    ["spaces around it", (email: string) => `  ${email} `],
  ])("refuses an address that is taken: %s", async (_name, respell) => {
    const { user } = await gateway.register();
    const reply = await gateway.send(RegisterDocument, { input: { email: respell(user.email), password: PASSWORD } });
    expect(codesOf(reply)).toEqual(["EMAIL_TAKEN"]);
    const [count] = await gateway.database.sql`select count(*)::int as n from users where email_key = ${user.email}`;
    expect(count?.n).toBe(1);
  });

  test("of two registrations of one address at the same moment, one wins and nothing is left of the other", async () => {
    const email = newEmail();
    const replies = await Promise.all(
      Array.from({ length: 6 }, () => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } })),
    );
    expect(replies.flatMap(codesOf)).toEqual(Array(5).fill("EMAIL_TAKEN"));
    const [count] = await gateway.database.sql`select count(distinct users.id)::int as users, count(sessions.id)::int as sessions
      from users join sessions on user_id = users.id where email_key = ${email}`;
    expect(count).toEqual({ users: 1, sessions: 1 });
  });
});

describe("login", () => {
  test("opens another session of the same user", async () => {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email.toUpperCase());
    expect(second.user.id).toBe(first.user.id);
    expect(second.session.id).not.toBe(first.session.id);
    expect(await auditTypes(second.session.id)).toEqual(["LOGIN_SUCCEEDED"]);
  });

  test("takes a password in any Unicode composition", async () => {
    const email = newEmail();
    dataOf(await gateway.send(RegisterDocument, { input: { email, password: "Zoe\u0308 likes caf\u00e9s" } }));
    expect((await gateway.login(email, "Zo\u00eb likes cafe\u0301s")).user.email).toBe(email);
  });

  test.each([
    ["a wrong password", async () => ({ email: (await gateway.register()).user.email, password: "not the password" })],
    ["an unknown address", async () => ({ email: newEmail(), password: PASSWORD })],
    [
      "a disabled user with the right password",
      async () => {
        const { user } = await gateway.register();
        await gateway.database.sql`update users set status = 'DISABLED' where id = ${user.id}`;
        return { email: user.email, password: PASSWORD };
      },
    ],
  ])("answers the same to %s, and audits it", async (_name, prepare) => {
    const input = await prepare();
    const [before] = await gateway.database.sql`select count(*)::int as n from audit_events where type = 'LOGIN_FAILED'`;
    const reply = await gateway.send(LoginDocument, { input });
    expect(reply.errors).toEqual([
      {
        message: "The e-mail address or the password is wrong.",
        locations: [{ line: 2, column: 3 }],
        path: ["login"],
        extensions: { code: "INVALID_CREDENTIALS" },
      },
    ]);
    const [after] = await gateway.database.sql`select count(*)::int as n from audit_events where type = 'LOGIN_FAILED'`;
    expect(after?.n).toBe(before?.n + 1);
  });
});

describe("logout", () => {
  test("by the access token ends its session and refuses the token at once", async () => {
    const { accessToken, session, refreshToken } = await gateway.register();
    expect(dataOf(await gateway.send(LogoutDocument, {}, { token: accessToken })).logout).toEqual({ endedSessions: 1 });
    const reply = await gateway.send(MeFromTokenDocument, {}, { token: accessToken });
    expect(reply.data?.me).toBeNull();
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
    const [row] = await gateway.database.sql`select ended_at, end_reason from sessions where id = ${session.id}`;
    expect(row).toMatchObject({ ended_at: expect.any(Date), end_reason: "LOGOUT" });
    expect(await auditTypes(session.id)).toEqual(["REGISTERED", "LOGOUT"]);
    expect(dataOf(await gateway.send(LogoutDocument, { input: { refreshToken } })).logout).toEqual({ endedSessions: 0 });
  });

  test("prefers the refresh token's session to the access token's", async () => {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email);
    const { logout } = dataOf(
      await gateway.send(LogoutDocument, { input: { refreshToken: first.refreshToken } }, { token: second.accessToken }),
    );
    expect(logout.endedSessions).toBe(1);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: second.accessToken })).me?.id).toBe(first.user.id);
    expect((await gateway.send(MeDocument, {}, { token: first.accessToken })).data?.me).toBeNull();
  });

  test.each([
    ["nothing at all", undefined],
    ["a malformed token", "rt2_nonsense"],
    ["an empty token", ""],
  ])("is no error for %s, and ends nothing", async (_name, refreshToken) => {
    const { logout } = dataOf(await gateway.send(LogoutDocument, { input: { refreshToken } }));
    expect(logout.endedSessions).toBe(0);
  });
});
