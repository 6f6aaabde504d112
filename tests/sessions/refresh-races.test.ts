import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { LogoutDocument, MeDocument, RefreshDocument, RegisterDocument } from "../generated/operations.ts";
import { type Client, codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { type ServerProcess, startServerProcess } from "../support/processes/server-process.ts";
import { rounds } from "../support/rounds.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { startTcpProxy } from "../support/wires/tcp-proxy.ts";

let database: TestDatabase;
let servers: [ServerProcess, ServerProcess];
beforeAll(async () => {
  database = await createTestDatabase();
  const env = { DATABASE_URL: database.url };
  servers = await Promise.all([startServerProcess(env), startServerProcess(env)]);
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  await database.drop();
});

async function register(client: Client) {
  return dataOf(await client.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } })).register;
}

function refresh(client: Client, refreshToken: string | null) {
  return client.send(RefreshDocument, { input: { refreshToken } });
}

/** On a busy machine a server closes connections whose request has not come in time: it has read none of it. */
async function refreshAtLast(client: Client, refreshToken: string | null): ReturnType<typeof refresh> {
  for (;;) {
    try {
      return await refresh(client, refreshToken);
    } catch (error) {
      if (!(error instanceof TypeError && (error.cause as { code?: unknown }).code === "UND_ERR_SOCKET")) throw error;
    }
  }
}

async function stateOf(sessionId: string) {
  const [row] = await database.sql`select generation, ended_at is null as live, end_reason from sessions where id = ${sessionId}`;
  return row;
}

describe("two processes on one database", () => {
  // At a Citus that many hold each other up for longer than a statement may take.
  const simultaneous = inject("isCitus") ? 200 : 1000;
  test("1,000 simultaneous refreshes of one token rotate once, and every answer is the same successor", async () => {
    const { session, refreshToken } = await register(servers[0]);
    const replies = await Promise.all(
      Array.from({ length: simultaneous }, (_, index) => refreshAtLast(servers[index % 2] ?? servers[0], refreshToken)),
    );
    expect(replies.flatMap((reply) => reply.errors)).toEqual([]);
    const successors = new Set(replies.map((reply) => dataOf(reply).refresh.refreshToken));
    expect(successors.size).toBe(1);
    expect(await stateOf(session.id)).toEqual({ generation: 1, live: true, end_reason: null });
    const audited =
      await database.sql`select type, count(*)::int as n from audit_events where session_id = ${session.id} group by type order by type`;
    expect(audited.map((row) => [row.type, row.n])).toEqual([
      ["REFRESH_REPLAYED", simultaneous - 1],
      ["REGISTERED", 1],
      ["TOKEN_REFRESHED", 1],
    ]);
    const [successor = null] = successors;
    expect(dataOf(await refresh(servers[1], successor)).refresh.session.id).toBe(session.id);
  });

  test("an older token that is used during a rotation leaves no live session", async () => {
    for (let round = 0; round < rounds(10); round += 1) {
      const { session, refreshToken: oldest } = await register(servers[0]);
      const second = dataOf(await refresh(servers[0], oldest)).refresh.refreshToken;
      const third = dataOf(await refresh(servers[1], second)).refresh.refreshToken;
      const [rotation, reuse] = await Promise.all([refresh(servers[0], third), refresh(servers[1], oldest)]);
      expect(codesOf(reuse)).toEqual(["REFRESH_TOKEN_REUSED"]);
      expect([[], ["SESSION_ENDED"]]).toContainEqual(codesOf(rotation));
      expect(await stateOf(session.id)).toMatchObject({ live: false, end_reason: "REUSE_DETECTED" });
      const late = rotation.data?.refresh.refreshToken ?? third;
      expect(codesOf(await refresh(servers[1], late))).toEqual(["SESSION_ENDED"]);
    }
  });

  test("a logout during a refresh leaves nothing alive", async () => {
    for (let round = 0; round < rounds(10); round += 1) {
      const { session, refreshToken, accessToken } = await register(servers[0]);
      const [rotation, logout] = await Promise.all([
        refresh(servers[0], refreshToken),
        servers[0].send(LogoutDocument, {}, { token: accessToken }),
      ]);
      expect(dataOf(logout).logout.endedSessions).toBe(1);
      expect(await stateOf(session.id)).toMatchObject({ live: false, end_reason: "LOGOUT" });
      const late = rotation.data?.refresh;
      expect(codesOf(await refresh(servers[1], late?.refreshToken ?? refreshToken))).toEqual(["SESSION_ENDED"]);
      if (late !== undefined) {
        const reply = await servers[0].send(MeDocument, {}, { token: late.accessToken });
        expect(reply.errors[0]?.extensions.reason).toBe("revoked");
      }
    }
  });
});

test("a server killed after a rotation was committed and before its answer left: the retry gets the successor", async () => {
  const proxy = await startTcpProxy(database.url);
  const doomed = await startServerProcess({ DATABASE_URL: proxy.url, DATABASE_POOL_SIZE: "2" });
  const { user, session, refreshToken } = await register(doomed);
  // The statement is held up by a lock while answers begin to be held: whatever has to be answered before it has been.
  const { lost } = await database.sql.begin(async (tx) => {
    await tx`select from sessions where user_id = ${user.id} and id = ${session.id} for update`;
    const lost = refresh(doomed, refreshToken).then(
      () => "answered",
      () => "lost",
    );
    await untilLockWait(database.sql);
    proxy.holdAnswers();
    return { lost };
  });
  await expect.poll(async () => (await stateOf(session.id))?.generation).toBe(1);
  expect(await doomed.stop("SIGKILL")).toBe("SIGKILL");
  expect(await lost).toBe("lost");
  await proxy.close();
  const retried = dataOf(await refresh(servers[0], refreshToken)).refresh;
  expect(await stateOf(session.id)).toEqual({ generation: 1, live: true, end_reason: null });
  expect(dataOf(await refresh(servers[1], retried.refreshToken)).refresh.session.id).toBe(session.id);
  expect(await stateOf(session.id)).toMatchObject({ generation: 2 });
});
