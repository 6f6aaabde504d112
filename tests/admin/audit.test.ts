import { afterAll, beforeAll, expect, test } from "vitest";
import { LoginDocument, LogoutDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

test("each event is one row and one log line: who, whose, which session, from where", async () => {
  const { user, session, refreshToken } = await gateway.register();
  await gateway.send(LoginDocument, { input: { email: user.email, password: "not the password" } });
  const { accessToken } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh;
  await gateway.send(RefreshDocument, { input: { refreshToken } });
  await gateway.send(LogoutDocument, {}, { token: accessToken, headers: { "user-agent": "a browser" } });

  const rows = await gateway.database.sql`select * from audit_events where user_id = ${user.id} order by occurred_at, id`;
  const facts = rows.map((row) => [row.type, row.actor_id, row.session_id, row.succeeded, row.detail]);
  expect(facts).toEqual([
    ["REGISTERED", user.id, session.id, true, null],
    ["LOGIN_FAILED", null, null, false, { reason: "wrong_password" }],
    ["TOKEN_REFRESHED", user.id, session.id, true, null],
    ["REFRESH_REPLAYED", user.id, session.id, true, null],
    ["LOGOUT", user.id, session.id, true, null],
  ]);
  expect(rows.at(-1)).toMatchObject({ ip_address: "127.0.0.1", user_agent: "a browser" });

  const logged = gateway.logs.filter((line) => (line.event as { userId?: string } | undefined)?.userId === user.id);
  expect(logged.map((line) => [line.msg, line.level])).toEqual([
    ["REGISTERED", 30],
    ["LOGIN_FAILED", 40],
    ["TOKEN_REFRESHED", 30],
    ["REFRESH_REPLAYED", 40],
    ["LOGOUT", 30],
  ]);
  expect(logged.map((line) => (line.event as { id: string }).id)).toEqual(rows.map((row) => row.id));
});

test("no log line holds a password, a hash or a token", async () => {
  const { user, accessToken, refreshToken } = await gateway.register();
  await gateway.send(RefreshDocument, { input: { refreshToken } });
  await gateway.send(LoginDocument, { input: { email: user.email, password: "a wrong password, unlike any" } });
  const log = JSON.stringify(gateway.logs);
  for (const secret of [PASSWORD, "a wrong password, unlike any", accessToken, "rt2_", "$argon2", user.email])
    expect(log).not.toContain(secret);
});

test("an entry that cannot be written undoes what it describes, and nothing is announced", async () => {
  const { session, refreshToken } = await gateway.register();
  const email = newEmail();
  const lines = gateway.logs.length;
  await gateway.database.sql`alter table audit_events add constraint no_more check (occurred_at < '2000-01-01') not valid`;
  const replies = [
    await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }),
    await gateway.send(RefreshDocument, { input: { refreshToken } }),
    await gateway.send(LogoutDocument, { input: { refreshToken } }),
  ];
  await gateway.database.sql`alter table audit_events drop constraint no_more`;
  expect(replies.flatMap(codesOf)).toEqual(Array(3).fill("INTERNAL_SERVER_ERROR"));
  const [left] = await gateway.database.sql`select
    (select count(*)::int from users where email_key = ${email}) as users,
    (select generation from sessions where id = ${session.id} and ended_at is null) as generation`;
  expect(left).toEqual({ users: 0, generation: 0 });
  expect(gateway.logs.slice(lines).filter((line) => "event" in line)).toEqual([]);
  expect(dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh.session.id).toBe(session.id);
});
