import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { RequestContext } from "../../../src/graphql/context.ts";
import { requireOwnOrAdmin } from "../../../src/graphql/own-or-admin.ts";
import {
  type AuthFieldsFragment,
  LogoutDocument,
  MeWithSessionsDocument,
  RefreshDocument,
  SessionsDocument,
  SessionsWithEventsDocument,
  UsersWithSessionsDocument,
  UserWithSessionsDocument,
} from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { PASSWORD } from "../../support/sign-in.ts";
import { type StatementTap, tapStatements } from "../../support/wires/statement-tap.ts";

let database: TestDatabase;
let tap: StatementTap;
let gateway: TestGateway;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  gateway = await startTestGateway({ database: { ...database, url: tap.url } });
  admin = await gateway.registerAdmin();
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
});

async function sessionIdsOf(token: string): Promise<string[] | undefined> {
  return dataOf(await gateway.send(SessionsDocument, {}, { token })).sessions?.map(({ id }) => id);
}

describe("sessions", () => {
  test("are the caller's, the one of the access token first, then those most recently used", async () => {
    const first = await gateway.register();
    gateway.clock.advance(1);
    const second = await gateway.login(first.user.email);
    gateway.clock.advance(1);
    const third = await gateway.login(first.user.email);
    gateway.clock.advance(1);
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }));

    const { sessions } = dataOf(await gateway.send(SessionsDocument, {}, { token: third.accessToken }));
    expect(sessions?.map(({ id, current }) => [id, current])).toEqual([
      [third.session.id, true],
      [first.session.id, false],
      [second.session.id, false],
    ]);
    expect(sessions?.[1]).toEqual(refresh.session);
    const { me } = dataOf(await gateway.send(MeWithSessionsDocument, {}, { token: third.accessToken }));
    expect(me?.sessions).toEqual(sessions);
  });

  test("that have ended or expired are not listed", async () => {
    const { user, refreshToken } = await gateway.register();
    const ended = await gateway.login(user.email);
    dataOf(await gateway.send(LogoutDocument, {}, { token: ended.accessToken }));
    const idle = await gateway.login(user.email);
    gateway.clock.advance(10 * 86_400);
    const kept = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } })).refresh;
    gateway.clock.advance(4 * 86_400);
    const latest = await gateway.login(user.email);
    expect(await sessionIdsOf(latest.accessToken)).toEqual([latest.session.id, kept.session.id]);
    const [row] = await gateway.database.sql`select ended_at from sessions where id = ${idle.session.id}`;
    expect(row?.ended_at).toBeNull();
    admin = await gateway.login(admin.user.email);
  });

  test("are at most a thousand, the most recently used ones", async () => {
    const { user, session, accessToken } = await gateway.register();
    await gateway.database.sql`
      insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at,
        access_expires_at)
      select gen_random_uuid(), user_id, family_hash, current_hash, created_at, last_used_at - number * interval '1 second',
        idle_expires_at, expires_at, access_expires_at
      from sessions, generate_series(1, 1100) as number where id = ${session.id}`;
    const { sessions } = dataOf(await gateway.send(SessionsDocument, {}, { token: accessToken }));
    expect(sessions).toHaveLength(1000);
    expect(sessions?.[0]?.id).toBe(session.id);
    const usedAt = sessions?.slice(1).map(({ lastUsedAt }) => lastUsedAt) ?? [];
    expect(usedAt).toEqual(usedAt.toSorted().reverse());
    await gateway.database.sql`delete from sessions where user_id = ${user.id}`;
  });

  test("are nothing for anonymous callers", async () => {
    const reply = await gateway.send(SessionsDocument, {});
    expect(reply.data?.sessions).toBeNull();
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "missing", coordinate: "Query.sessions" });
  });
});

describe("events of a session", () => {
  test("tell what happened to it and to no other, newest first, with the facts as JSON", async () => {
    const { user, session, refreshToken } = await gateway.register();
    const { accessToken } = await gateway.login(user.email);
    dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }));
    await gateway.database
      .sql`update audit_events set detail = '{"from": "here"}' where session_id = ${session.id} and type = 'REGISTERED'`;
    const { sessions } = dataOf(await gateway.send(SessionsWithEventsDocument, {}, { token: accessToken }));
    const events = sessions?.find(({ id }) => id === session.id)?.events;
    expect(events).toMatchObject([
      { type: "TOKEN_REFRESHED", userId: user.id, actorId: user.id, sessionId: session.id, succeeded: true, detail: null },
      { type: "REGISTERED", sessionId: session.id, ipAddress: "127.0.0.1", detail: '{"from":"here"}' },
    ]);
  });

  test.each([0, -1, 101, 2 ** 31 - 1])("refuse a page of %i", async (first) => {
    const { accessToken, session } = await gateway.register();
    const reply = await gateway.send(SessionsWithEventsDocument, { first }, { token: accessToken });
    expect(reply.data?.sessions).toEqual([{ id: session.id, events: null }]);
    expect(reply.errors[0]?.extensions).toEqual({ code: "BAD_USER_INPUT", fields: { first: ["Must be from 1 to 100."] } });
  });

  test("come in any number that is asked for, also in two numbers at once", async () => {
    const { accessToken, session } = await gateway.register();
    await gateway.database.sql`
      insert into audit_events (id, type, occurred_at, session_id, succeeded)
      select ('00000000-0000-7000-8000-' || lpad(number::text, 12, '0'))::uuid, 'TOKEN_REFRESHED', now(), ${session.id}, true
      from generate_series(1, 120) as number`;
    const query =
      "{ sessions { one: events(first: 1) { type } usual: events { id } null: events(first: null) { id } most: " +
      "events(first: 100) { id } } }";
    const { sessions } = dataOf(await gateway.post({ query }, { token: accessToken }));
    const [{ one, usual, null: byNull, most }] = sessions as [Record<string, { type?: string; id?: string }[]>];
    expect(one).toEqual([{ type: "REGISTERED" }]);
    expect([usual?.length, byNull?.length, most?.length]).toEqual([50, 50, 100]);
    expect(most?.at(-1)?.id).toBe("00000000-0000-7000-8000-000000000022");
  });
});

describe("sessions and events of somebody else", () => {
  const query = `mutation ($input: LoginInput!) {
    login(input: $input) { user { id sessions { id } } session { id events { type } } }
  }`;

  test("are shown to an admin", async () => {
    const { user, session } = await gateway.register();
    const reply = await gateway.send(UserWithSessionsDocument, { id: user.id }, { token: admin.accessToken });
    expect(dataOf(reply).user).toEqual({
      ...user,
      sessions: [{ ...session, events: [expect.objectContaining({ type: "REGISTERED", userId: user.id })] }],
    });
  });

  test("are refused to anyone else, with what they lack, and are never read", async () => {
    const { user } = await gateway.register();
    const other = await gateway.register();
    const variables = { input: { email: user.email, password: PASSWORD } };
    let errors: readonly object[] = [];
    const statements = await tap.during(async () => {
      const reply = await gateway.post({ query, variables }, { token: other.accessToken });
      expect(reply.data?.login).toMatchObject({ user: { id: user.id, sessions: null }, session: { events: null } });
      errors = reply.errors;
    });
    const facts = { directive: "hasRole", required: [["admin"]], missing: ["admin"] };
    expect(errors).toMatchObject([
      { path: ["login", "user", "sessions"], extensions: { code: "FORBIDDEN", coordinate: "User.sessions", ...facts } },
      { path: ["login", "session", "events"], extensions: { code: "FORBIDDEN", coordinate: "Session.events", ...facts } },
    ]);
    expect(statements.filter((text) => /unnest/.test(text))).toEqual([]);
  });

  test("need a token, even where the caller has just proved who they are", async () => {
    const { user } = await gateway.register();
    const reply = await gateway.post({ query, variables: { input: { email: user.email, password: PASSWORD } } });
    expect(reply.data?.login).toMatchObject({ user: { id: user.id, sessions: null }, session: { events: null } });
    const facts = { code: "UNAUTHENTICATED", reason: "missing", directive: "hasRole" };
    expect(reply.errors.map(({ extensions }) => extensions)).toEqual([
      { ...facts, coordinate: "User.sessions" },
      { ...facts, coordinate: "Session.events" },
    ]);
  });

  test("say that the service is out of reach where the token could not be judged", () => {
    const context = { viewer: { reason: "unverifiable" } } as RequestContext;
    expect(() => requireOwnOrAdmin(context, randomUUID(), "User.sessions")).toThrow(
      expect.objectContaining({ code: "SERVICE_UNAVAILABLE" }),
    );
  });
});

// Where tables are spread, each user's node is asked.
test.skipIf(inject("isCitus"))("sessions and events of many users take one statement each", async () => {
  const users = [await gateway.register(), await gateway.register(), await gateway.register()];
  await gateway.login(users[0]?.user.email ?? "");
  let edges: readonly { node: { id: string; sessions: readonly { events: readonly object[] | null }[] | null } }[] = [];
  const statements = await tap.during(async () => {
    const reply = await gateway.send(UsersWithSessionsDocument, {}, { token: admin.accessToken });
    edges = dataOf(reply).users?.edges ?? [];
  });
  expect(edges.slice(0, 3).map(({ node }) => [node.id, node.sessions?.length])).toEqual([
    [users[2]?.user.id, 1],
    [users[1]?.user.id, 1],
    [users[0]?.user.id, 2],
  ]);
  expect(edges.slice(0, 3).flatMap(({ node }) => node.sessions?.flatMap(({ events }) => events))).toEqual([
    { type: "REGISTERED" },
    { type: "REGISTERED" },
    { type: "LOGIN_SUCCEEDED" },
    { type: "REGISTERED" },
  ]);
  const count = (table: string) => statements.filter((text) => text.includes(`from ${table}`)).length;
  expect([count("users"), count("sessions"), count("audit_events")]).toEqual([1, 1, 1]);
});

test("what the access token says of the caller is still answered without any statement", async () => {
  const { accessToken } = await gateway.register();
  const statements = await tap.during(() => gateway.post({ query: "{ me { id email roles } }" }, { token: accessToken }));
  expect(statements.filter((text) => /users|sessions|audit_events/.test(text))).toEqual([]);
});
