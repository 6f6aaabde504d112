import { readFileSync } from "node:fs";
import { buildSchema, getNamedType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, ReauthenticateDocument, RefreshDocument, SessionEventsDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { openSocket } from "../support/clients/live-socket.ts";
import type { TestClock } from "../support/clock.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

/** Goes on by a millisecond whenever it is read, from five seconds after a full minute: no minute ends in the middle of a comparison. */
function createSlowClock(): TestClock {
  let time = Math.floor(Date.now() / 60_000) * 60_000 + 5000;
  return {
    now: () => new Date(time++),
    advance(seconds) {
      time += seconds * 1000;
    },
  };
}

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" }, clock: createSlowClock() });
});
afterAll(() => gateway.close());

const OWNER = { "x-forwarded-for": "203.0.113.7", "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };

async function refreshed(refreshToken: string | null): Promise<AuthFieldsFragment> {
  return dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }, { headers: OWNER })).refresh;
}

/** Every way to a session or an audit event, for a session that may use all of them: an admin's. */
const S = `
  fragment S on Session { id current createdAt lastUsedAt idleExpiresAt expiresAt endedAt endReason
    ipAddress userAgent events { id type } }`;
const E = `
  fragment E on AuditEventConnection { edges { cursor node { id type occurredAt sessionId ipAddress userAgent } }
    pageInfo { hasNextPage endCursor } }`;
const queries = [
  `query { me { id lastLoginAt sessions { ...S } } sessions { ...S } } ${S}`,
  `query ($id: ID!) { user(id: $id) { id lastLoginAt sessions { ...S } } } ${S}`,
  `query { users { totalCount edges { cursor node { id sessions { id lastUsedAt idleExpiresAt } } } } }`,
  `query { auditEvents { ...E } } ${E}`,
  `query ($session: ID!) { auditEvents(filter: { types: [TOKEN_REFRESHED, REFRESH_REPLAYED], sessionId: $session }) { ...E } } ${E}`,
];

async function readAll({ accessToken, user, session }: AuthFieldsFragment): Promise<string[]> {
  const texts: string[] = [];
  for (const query of queries) {
    const reply = await gateway.post({ query, variables: { id: user.id, session: session.id } }, { token: accessToken });
    expect(reply.errors).toEqual([]);
    texts.push(JSON.stringify(reply.data));
  }
  return texts;
}

async function exported({ accessToken }: AuthFieldsFragment): Promise<string> {
  const query =
    "{ exportAccount { sessions { id lastUsedAt idleExpiresAt } auditEvents { edges { node { type } } pageInfo { hasNextPage } } } }";
  const reply = await gateway.post({ query }, { token: accessToken });
  expect(codesOf(reply)).toEqual([]);
  // Each export is an entry itself.
  return JSON.stringify(reply.data).replaceAll('{"node":{"type":"ACCOUNT_EXPORTED"}},', "");
}

describe("with copies of both tokens nobody can read when the owner refreshed, while the old token is still answered", () => {
  test("in no answer over HTTP", async () => {
    const held = await gateway.registerAdmin();
    await gateway.login(held.user.email);
    const exportedBefore = await exported(held);
    const before = await readAll(held);
    const next = await refreshed(held.refreshToken);
    expect(await readAll(held)).toEqual(before);
    await refreshed(held.refreshToken);
    expect(await readAll(held)).toEqual(before);
    // The successor's own access token is a token of the same session.
    expect(await readAll(next)).toEqual(before);
    expect(await exported(held)).toBe(exportedBefore);
  });

  test("nor later by a finer clock than a minute", async () => {
    const [held, still] = [await gateway.registerAdmin(), await gateway.registerAdmin()];
    gateway.clock.advance(120);
    await refreshed(held.refreshToken);
    const use = async ({ accessToken }: AuthFieldsFragment) => {
      const { data } = await gateway.post({ query: "{ sessions { current lastUsedAt idleExpiresAt } }" }, { token: accessToken });
      return ((data?.sessions ?? []) as { current: boolean }[]).find(({ current }) => current);
    };
    for (let second = 0; second < 60; second += 7) {
      expect(await use(held)).toEqual(await use(still));
      gateway.clock.advance(7);
    }
  });

  test("nor where the session's end cuts its idle lifetime off", async () => {
    const short = await startTestGateway({
      env: { SESSION_IDLE_TTL: "20m", SESSION_MAX_TTL: "25m", TRUSTED_PROXIES: "127.0.0.1" },
      database: gateway.database,
      clock: gateway.clock,
    });
    const held = await short.register();
    gateway.clock.advance(600);
    const read = async () => {
      const { data } = await short.post({ query: "{ sessions { idleExpiresAt expiresAt } }" }, { token: held.accessToken });
      const sessions = (data?.sessions ?? []) as { idleExpiresAt: string; expiresAt: string }[];
      return sessions.flatMap(({ idleExpiresAt, expiresAt }) => [idleExpiresAt, expiresAt]);
    };
    const before = await read();
    dataOf(await short.send(RefreshDocument, { input: { refreshToken: held.refreshToken } }, { headers: OWNER }));
    expect(await read()).toEqual(before);
    expect(before[0]).toBe(before[1]);
    await short.close();
  });

  test("nor on a socket: neither by an event nor by the answer to `reauthenticate`", async () => {
    const held = await gateway.register();
    const socket = await openSocket(gateway.url);
    await socket.init({ accessToken: held.accessToken });
    const { received } = socket.subscribe(SessionEventsDocument, {});
    const ask = async () => (await socket.ask(ReauthenticateDocument, { accessToken: held.accessToken })).text;
    const session = (text: string) => JSON.parse(text).payload.data;
    const before = session(await ask());
    await expect.poll(() => gateway.auth.sessionWatch.isWatched(held.user.id)).toBe(true);
    await refreshed(held.refreshToken);
    expect(session(await ask())).toEqual(before);
    // What happened later has come: what happened earlier would have.
    const other = await gateway.login(held.user.email);
    await expect.poll(() => received.length).toBeGreaterThan(0);
    expect(received.map(({ sessionEvents }) => sessionEvents.session.id)).toEqual([other.session.id]);
    socket.socket.close();
  });

  test("and once the old token is worth nothing, the audit trail tells, and other sessions of the owner are told at once", async () => {
    const held = await gateway.registerAdmin();
    const other = await gateway.login(held.user.email);
    await refreshed(held.refreshToken);
    const refreshes = `{ auditEvents(filter: { types: [TOKEN_REFRESHED], sessionId: "${held.session.id}" }) { edges { node { type } } } }`;
    const read = async (token: string) => (await gateway.post({ query: refreshes }, { token })).text;
    expect(await read(other.accessToken)).toContain("TOKEN_REFRESHED");
    gateway.clock.advance(89);
    expect(await read(held.accessToken)).not.toContain("TOKEN_REFRESHED");
    gateway.clock.advance(2);
    expect(await read(held.accessToken)).toContain("TOKEN_REFRESHED");
  });
});

test("every field that shows a session or an audit event is known here", () => {
  const schema = buildSchema(readFileSync(new URL("../contract/auth-graph.graphql", import.meta.url), "utf8"), { assumeValidSDL: true });
  const shown = ["Session", "SessionEvent", "AuditEvent"];
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) ? Object.values(type.getFields()).map((field) => ({ type, field })) : [],
  );
  const coordinates = fields
    .filter(({ field }) => shown.includes(getNamedType(field.type).name))
    .map(({ type, field }) => `${type.name}.${field.name}`);
  expect(coordinates.sort()).toEqual([
    "AccountExport.sessions",
    "AuditEventEdge.node",
    "AuthPayload.session",
    "Mutation.reauthenticate",
    "Mutation.revokeSession",
    "Query.sessions",
    "Session.events",
    "SessionEvent.session",
    "Subscription.sessionEvents",
    "User.sessions",
  ]);
});
