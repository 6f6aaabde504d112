import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { type ServerProcess, startServerProcess } from "../../support/processes/server-process.ts";

const isLinux = existsSync("/proc/self/task");
const input = { email: "user@example.com", password: "a long walk by the sea" };

interface Thread {
  readonly id: number;
  readonly nice: number;
  readonly milliseconds: number;
}

/** proc(5): the nineteenth field of `stat`, and the first of `schedstat` in nanoseconds. */
function threadsOf(pid: number): Thread[] {
  return readdirSync(`/proc/${pid}/task`).map((id) => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, "utf8");
    const [ran = "0"] = readFileSync(`/proc/${pid}/task/${id}/schedstat`, "utf8").split(" ");
    const nice = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[16]);
    return { id: Number(id), nice, milliseconds: Number(ran) / 1e6 };
  });
}

// Elsewhere threads have no priority of their own, and the limit on hashing alone has to do.
describe.skipIf(!isLinux).each([
  ["as many threads as there are by default", {}, 4],
  ["UV_THREADPOOL_SIZE=7", { UV_THREADPOOL_SIZE: "7" }, 7],
])("with %s", (_name, env, threads) => {
  let database: TestDatabase;
  let server: ServerProcess;
  beforeAll(async () => {
    database = await createTestDatabase();
    server = await startServerProcess({ DATABASE_URL: database.url, HASHING_PRIORITY: "19", ...env });
  });
  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  test("the pool's threads have the lowest priority and all others the ordinary one", () => {
    const nices = threadsOf(server.pid).map(({ nice }) => nice);
    expect(nices.filter((nice) => nice === 19)).toHaveLength(threads);
    expect(nices.filter((nice) => nice === 0)).toHaveLength(nices.length - threads);
    expect(threadsOf(server.pid).find(({ id }) => id === server.pid)?.nice).toBe(0);
  });

  test("those are the threads that hash", async () => {
    dataOf(await server.send(RegisterDocument, { input }));
    const before = new Map(threadsOf(server.pid).map(({ id, milliseconds }) => [id, milliseconds]));
    for (let login = 0; login < 30; login++) dataOf(await server.send(LoginDocument, { input }));
    const others = threadsOf(server.pid).filter(({ id }) => id !== server.pid);
    const worked = others.map(({ id, nice, milliseconds }) => ({ nice, milliseconds: milliseconds - (before.get(id) ?? 0) }));
    const times = (nice: number) => worked.filter((each) => each.nice === nice).map(({ milliseconds }) => milliseconds);
    const hashing = times(19).reduce((sum, time) => sum + time, 0);
    // 30 hashes take some milliseconds each wherever they run (and long where a busy machine has no time left for them);
    // compiling and collecting garbage take every other thread less.
    expect(hashing).toBeGreaterThan(100);
    expect(hashing).toBeGreaterThan(Math.max(0, ...times(0)));
  });
});

test.skipIf(!isLinux).each([
  ["none in development", {}, 0, 0],
  ["as HASHING_PRIORITY says", { HASHING_PRIORITY: "10" }, 10, 4],
])("threads stand back for others: %s", async (_name, env, nice, threads) => {
  const database = await createTestDatabase();
  const server = await startServerProcess({ DATABASE_URL: database.url, ...env });
  const lowered = threadsOf(server.pid).filter((thread) => thread.nice !== 0);
  expect(lowered.map((thread) => thread.nice)).toEqual(Array(threads).fill(nice));
  await server.stop();
  await database.drop();
});
