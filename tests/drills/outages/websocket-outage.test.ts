import postgres from "postgres";
import { afterAll, afterEach, beforeAll, expect, inject, test } from "vitest";
import {
  type AuthFieldsFragment,
  MeDocument,
  MeFromTokenDocument,
  ReauthenticateDocument,
  RefreshDocument,
  SessionEventsDocument,
} from "../../generated/operations.ts";
import { openSocket } from "../../support/clients/live-socket.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { startTcpProxy } from "../../support/wires/tcp-proxy.ts";

let database: TestDatabase;
let gateway: TestGateway;
let server: postgres.Sql;
beforeAll(async () => {
  server = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  database = await createTestDatabase();
  gateway = await startTestGateway({ database, env: { REVOCATION_MAX_LAG: "1s" } });
});
afterEach(() => comeBack());
afterAll(async () => {
  await gateway.close();
  await database.drop();
  await server.end();
});

const name = () => new URL(database.url).pathname.slice(1);
/** PostgreSQL refuses the gateway, and cuts off what it has. */
async function goAway(): Promise<void> {
  await server.unsafe(`alter database ${name()} with allow_connections false`);
  await server`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name()}`;
}

async function comeBack(): Promise<void> {
  await server.unsafe(`alter database ${name()} with allow_connections true`);
}

async function watch({ accessToken, user }: AuthFieldsFragment, at = gateway) {
  const socket = await openSocket(at.url);
  await socket.init({ accessToken });
  const { received } = socket.subscribe(SessionEventsDocument, {});
  await expect.poll(() => at.auth.sessionWatch.isWatched(user.id)).toBe(true);
  const brief = () => received.map(({ sessionEvents: { type, session } }) => `${type} ${session.id}`);
  return { socket, brief };
}

test("while nothing can be verified a socket stays open, asks to try again, and goes on afterwards", async () => {
  const auth = await gateway.register();
  const other = await gateway.login(auth.user.email);
  const { socket, brief } = await watch(auth);
  await goAway();
  await expect.poll(() => gateway.auth.revocationFeed.isFresh()).toBe(false);
  for (const document of [MeDocument, MeFromTokenDocument]) {
    const { data, errors } = await socket.ask(document);
    expect(data).toEqual({ me: null });
    expect(errors[0]?.extensions).toEqual({ code: "SERVICE_UNAVAILABLE" });
  }
  const { errors } = await socket.ask(ReauthenticateDocument, { accessToken: auth.accessToken });
  expect(errors[0]?.extensions).toEqual({ code: "SERVICE_UNAVAILABLE" });
  const another = await openSocket(gateway.url);
  another.send({ type: "connection_init", payload: { accessToken: auth.accessToken } });
  expect(await another.closed).toEqual({ code: 1013, reason: "SERVICE_UNAVAILABLE" });

  await comeBack();
  await expect
    .poll(async () => (await gateway.send(RefreshDocument, { input: { refreshToken: other.refreshToken } })).errors, { timeout: 8000 })
    .toEqual([]);
  await expect.poll(brief).toEqual([`REFRESHED ${other.session.id}`]);
  expect((await socket.ask(MeFromTokenDocument)).data?.me?.id).toBe(auth.user.id);
  socket.socket.close();
});

test("a token that expires in an outage closes its socket all the same", async () => {
  const { socket } = await watch(await gateway.register());
  await goAway();
  await expect.poll(() => gateway.auth.revocationFeed.isFresh()).toBe(false);
  gateway.clock.advance(906);
  expect(await socket.closed).toEqual({ code: 4403, reason: "expired" });
});

test("an event waits while its reader's token cannot be verified, and is told once it can", async () => {
  const proxy = await startTcpProxy(database.url);
  const env = { DATABASE_URL: database.url, DATABASE_DIRECT_URL: proxy.url, REVOCATION_MAX_LAG: "1s" };
  const deaf = await startTestGateway({ database, env, clock: gateway.clock });
  const auth = await gateway.register();
  const other = await gateway.login(auth.user.email);
  const { socket, brief } = await watch(auth, deaf);
  proxy.cut();
  await expect.poll(() => deaf.auth.revocationFeed.isFresh()).toBe(false);
  const events = await deaf.auth.sessionWatch.watch(auth.user.id);
  await database.sql.begin(async (sql) => {
    // Whether a token is revoked cannot be asked, how the sessions are can.
    await sql`lock table users in access exclusive mode`;
    await database.sql`update sessions set generation = generation + 1, last_used_at = ${gateway.clock.now()}
      where id = ${other.session.id}`;
    expect((await events.next()).value).toMatchObject({ type: "REFRESHED" });
    expect((await socket.ask(MeFromTokenDocument)).errors[0]?.extensions.code).toBe("SERVICE_UNAVAILABLE");
    expect(brief()).toEqual([]);
  });
  await expect.poll(brief).toEqual([`REFRESHED ${other.session.id}`]);
  await events.return?.();
  socket.socket.close();
  await deaf.close();
  await proxy.close();
});

test("what happened while nobody could look is told afterwards, however long that was", async () => {
  const first = await gateway.register();
  const ending = await gateway.login(first.user.email);
  const { socket, brief } = await watch(first);
  const endedAt = gateway.clock.now();
  await database.sql.begin(async (sql) => {
    await sql`lock table sessions in access exclusive mode`;
    gateway.clock.advance(300);
    await sql`update sessions set ended_at = ${endedAt}, end_reason = 'LOGOUT' where id = ${ending.session.id}`;
    // Longer than a look may take.
    await new Promise((resolve) => setTimeout(resolve, 4500));
  });
  await expect.poll(brief).toEqual([`ENDED ${ending.session.id}`]);
  const { session } = await gateway.login(first.user.email);
  await expect.poll(brief).toEqual([`ENDED ${ending.session.id}`, `OPENED ${session.id}`]);
  socket.socket.close();
});

test("an unexpected failure ends the subscription with a masked error, and the next one works", async () => {
  const first = await gateway.register();
  const { socket } = await watch(first);
  await database.sql`alter table sessions rename column end_reason to away`;
  const failed = await socket.until(({ type, payload }) => type === "next" && "errors" in (payload as object));
  await database.sql`alter table sessions rename column away to end_reason`;
  expect(failed.payload).toEqual({
    errors: [
      {
        message: "Something went wrong on our side; quote the request id when you report it.",
        extensions: { code: "INTERNAL_SERVER_ERROR", requestId: expect.any(String) },
      },
    ],
  });
  await socket.until(({ type }) => type === "complete");
  expect(gateway.auth.sessionWatch.isWatched(first.user.id)).toBe(false);
  expect(gateway.logs.filter(({ msg }) => msg === "unexpected error")).toHaveLength(1);
  socket.socket.close();
  const again = await watch(first);
  const { session } = await gateway.login(first.user.email);
  await expect.poll(again.brief).toEqual([`OPENED ${session.id}`]);
  again.socket.socket.close();
});

test("a reader who falls too far behind is told the rest is lost, by the end of the stream", async () => {
  const { user, session } = await gateway.register();
  const events = await gateway.auth.sessionWatch.watch(user.id);
  const now = gateway.clock.now();
  await database.sql`
    insert into sessions (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at, access_expires_at)
    select gen_random_uuid(), user_id, family_hash, current_hash, ${now}, ${now}, idle_expires_at, expires_at, access_expires_at
    from sessions, generate_series(1, 300) where id = ${session.id}`;
  await expect.poll(() => gateway.auth.sessionWatch.isWatched(user.id)).toBe(false);
  let taken = 0;
  for await (const { type } of events) if (type === "OPENED") taken += 1;
  expect(taken).toBe(256);
});
