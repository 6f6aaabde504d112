import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  LogoutAllDocument,
  LogoutDocument,
  ReauthenticateDocument,
  RefreshDocument,
  SessionEventsDocument,
  type SessionEventsSubscription,
} from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { type LiveSocket, openSocket } from "../../support/clients/live-socket.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";

let database: TestDatabase;
let gateway: TestGateway;
/** Another process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway({ database });
  other = await startTestGateway({ database, clock: gateway.clock });
});
afterAll(async () => {
  await Promise.all([gateway.close(), other.close()]);
  await database.drop();
});

interface Watcher extends AuthFieldsFragment {
  readonly socket: LiveSocket;
  readonly id: string;
  readonly received: readonly SessionEventsSubscription[];
  /** What was received, briefly. */
  brief(): string[];
}

const open: LiveSocket[] = [];
beforeEach(() => {
  for (const { socket } of open.splice(0)) socket.close();
});

async function watch(auth: AuthFieldsFragment, at: TestGateway = gateway): Promise<Watcher> {
  const socket = await openSocket(at.url);
  open.push(socket);
  await socket.init({ accessToken: auth.accessToken });
  const { id, received } = socket.subscribe(SessionEventsDocument, {});
  // The subscription stands once later operations that ask the database are answered; the first may be answered on another connection of
  // the pool.
  for (let asks = 0; asks < 4; asks += 1) await socket.ask(ReauthenticateDocument, { accessToken: auth.accessToken });
  await expect.poll(() => at.auth.sessionWatch.isWatched(auth.user.id)).toBe(true);
  return { ...auth, socket, id, received, brief: () => received.map(briefly) };
}

/** Two sessions of one user; the first has seen the second sign in. */
async function watchTwo(): Promise<[Watcher, Watcher]> {
  const own = await watch(await gateway.register());
  const other = await watch(await gateway.login(own.user.email));
  await expect.poll(own.brief).toEqual([`OPENED ${other.session.id}`]);
  return [own, other];
}

function briefly({ sessionEvents: { type, session } }: SessionEventsSubscription): string {
  return [type, session.id, ...(session.endReason === null ? [] : [session.endReason])].join(" ");
}

function refresh(at: TestGateway, refreshToken: string | null) {
  return at.send(RefreshDocument, { input: { refreshToken } });
}

describe.each(["this", "another"])("what happens in %s process", (where) => {
  const at = () => (where === "this" ? gateway : other);

  test("is told: a session opened, refreshed and ended", async () => {
    const watcher = await watch(await gateway.register());
    const second = await at().login(watcher.user.email);
    const { id } = second.session;
    await expect.poll(watcher.brief).toEqual([`OPENED ${id}`]);
    const { refresh: successor } = dataOf(await refresh(at(), second.refreshToken));
    await expect.poll(watcher.brief).toEqual([`OPENED ${id}`, `REFRESHED ${id}`]);
    dataOf(await at().send(LogoutDocument, { input: { refreshToken: successor.refreshToken } }));
    await expect.poll(watcher.brief).toEqual([`OPENED ${id}`, `REFRESHED ${id}`, `ENDED ${id} LOGOUT`]);
    const [opened, refreshed, ended] = watcher.received.map(({ sessionEvents }) => sessionEvents);
    expect(opened).toEqual({ type: "OPENED", occurredAt: second.session.createdAt, session: { ...second.session, current: false } });
    expect(refreshed).toMatchObject({ occurredAt: successor.session.lastUsedAt, session: { current: false, endedAt: null } });
    expect(ended?.occurredAt).toBe(ended?.session.endedAt);
  });

  test("is told: the end of a session whose refresh token was reused", async () => {
    const watcher = await watch(await gateway.register());
    const { session, refreshToken } = await at().login(watcher.user.email);
    const { refresh: second } = dataOf(await refresh(at(), refreshToken));
    dataOf(await refresh(at(), second.refreshToken));
    expect((await refresh(at(), refreshToken)).errors[0]?.extensions.code).toBe("REFRESH_TOKEN_REUSED");
    const end = `ENDED ${session.id} REUSE_DETECTED`;
    await expect.poll(() => watcher.brief().at(-1)).toBe(end);
    expect(watcher.brief()[0]).toBe(`OPENED ${session.id}`);
    expect(watcher.brief().filter((event) => event === end)).toHaveLength(1);
  });

  test("is told to every subscriber of the user, once, and to nobody else", async () => {
    const first = await gateway.register();
    const watchers = [await watch(first), await watch(first), await watch(await gateway.login(first.user.email))];
    const stranger = await watch(await gateway.register());
    // The first two have seen the third sign in.
    for (const watcher of watchers.slice(0, 2)) await expect.poll(watcher.brief).toHaveLength(1);
    const { session } = await at().login(first.user.email);
    for (const watcher of watchers) await expect.poll(() => watcher.brief().at(-1)).toBe(`OPENED ${session.id}`);
    const own = await at().login(stranger.user.email);
    await expect.poll(stranger.brief).toEqual([`OPENED ${own.session.id}`]);
    expect(watchers.map(({ received }) => received.length)).toEqual([2, 2, 1]);
  });

  test("is told without a gap or a repetition, however much it is", async () => {
    const watcher = await watch(await gateway.register());
    const ids: string[] = [];
    for (let login = 0; login < 15; login += 1) {
      const { session, refreshToken } = await at().login(watcher.user.email);
      ids.push(session.id);
      dataOf(await at().send(LogoutDocument, { input: { refreshToken } }));
    }
    const expected = ids.flatMap((id) => [`OPENED ${id}`, `ENDED ${id} LOGOUT`]);
    await expect.poll(() => watcher.brief().length).toBeGreaterThanOrEqual(expected.length);
    expect(watcher.brief()).toEqual(expected);
  });
});

test("a session is told of every refresh but its own", async () => {
  const [own, other] = await watchTwo();
  dataOf(await refresh(gateway, own.refreshToken));
  await expect.poll(other.brief).toEqual([`REFRESHED ${own.session.id}`]);
  dataOf(await refresh(gateway, other.refreshToken));
  await expect.poll(own.brief).toEqual([`OPENED ${other.session.id}`, `REFRESHED ${other.session.id}`]);
  expect(other.brief()).toEqual([`REFRESHED ${own.session.id}`]);
});

test("nothing is told of what happened before", async () => {
  const first = await gateway.register();
  const ended = await other.login(first.user.email);
  dataOf(await other.send(LogoutDocument, { input: { refreshToken: ended.refreshToken } }));
  const [one, two] = [await watch(first), await watch(first)];
  const { session } = await gateway.login(first.user.email);
  for (const watcher of [one, two]) await expect.poll(watcher.brief).toEqual([`OPENED ${session.id}`]);
});

test("a session that expires is told as ended, when it expired", async () => {
  const idle = await startTestGateway({ env: { SESSION_IDLE_TTL: "10m", ACCESS_TOKEN_TTL: "9m" } });
  const { user, session } = await idle.register();
  idle.clock.advance(300);
  const watcher = await watch(await idle.login(user.email), idle);
  idle.clock.advance(301);
  await expect.poll(watcher.brief).toEqual([`ENDED ${session.id} EXPIRED`]);
  const at = session.idleExpiresAt;
  expect(watcher.received[0]?.sessionEvents).toMatchObject({ occurredAt: at, session: { endedAt: at } });
  await idle.close();
});

test("a watcher whose own session ends is gone, and others hear why", async () => {
  const first = await gateway.register();
  const ending = await watch(first);
  const staying = await watch(await gateway.login(first.user.email));
  dataOf(await gateway.send(LogoutDocument, {}, { token: first.accessToken }));
  expect(await ending.socket.closed).toEqual({ code: 4403, reason: "revoked" });
  await expect.poll(staying.brief).toEqual([`ENDED ${first.session.id} LOGOUT`]);
});

test("after logoutAll nothing more is told", async () => {
  const watcher = await watch(await gateway.register());
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: watcher.accessToken }));
  expect(await watcher.socket.closed).toEqual({ code: 4403, reason: "revoked" });
  expect(watcher.received).toEqual([]);
});

test("a subscription that is completed is told nothing more, and nobody is watched any longer", async () => {
  const watcher = await watch(await gateway.register());
  watcher.socket.send({ id: watcher.id, type: "complete" });
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(watcher.user.id)).toBe(false);
  await gateway.login(watcher.user.email);
  await watcher.socket.ask(ReauthenticateDocument, { accessToken: watcher.accessToken });
  expect(watcher.received).toEqual([]);
});

test("a socket that goes away leaves no watch behind", async () => {
  const watcher = await watch(await gateway.register());
  watcher.socket.socket.terminate();
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(watcher.user.id)).toBe(false);
});

test("without a token there is no subscription, and over HTTP there is none at all", async () => {
  const { accessToken } = await gateway.register();
  for (const token of [undefined, accessToken]) {
    const reply = await gateway.send(SessionEventsDocument, {}, { token });
    expect(reply.status).toBe(400);
    expect(reply.data).toBeUndefined();
    expect(reply.errors).toHaveLength(1);
    expect(reply.errors[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      fields: { request: ["Is a subscription; send it over a WebSocket (graphql-transport-ws)."] },
    });
  }
});
