import { afterAll, beforeAll, expect, test } from "vitest";
import { MeFromTokenDocument, RegisterDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { TEST_SECRET } from "../../support/gateway.ts";
import { readMetrics } from "../../support/metrics.ts";
import { failToStart } from "../../support/processes/command-line.ts";
import { type ServerProcess, startServerProcess } from "../../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const start = (env: Record<string, string> = {}) =>
  startServerProcess({ DATABASE_URL: database.url, DATABASE_POOL_SIZE: "2", WORKERS: "2", METRICS_PORT: "0", ...env });

/** In the order in which they were started. */
const workersOf = (server: ServerProcess) => [...server.output().matchAll(/"place":\d+,"pid":(\d+)/g)].map(([, pid]) => Number(pid));

const metricsUrl = (server: ServerProcess) => `http://localhost:${/"metricsPort":(\d+)/.exec(server.output())?.[1]}`;

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function countOfMe(server: ServerProcess, worker: number): Promise<number> {
  const { samples } = await readMetrics(metricsUrl(server));
  return samples.get(`auth_operation_duration_seconds_count{field="me",outcome="OK",worker="${worker}"}`) ?? 0;
}

test("two processes share a port; one page has the metrics of both, apart, and the public port has none", async () => {
  const server = await start();
  const { register } = dataOf(await server.send(RegisterDocument, { input: { email: newEmail(), password: PASSWORD } }));
  for (let count = 0; count < 10; count += 1) {
    const headers = { connection: "close" };
    expect(dataOf(await server.send(MeFromTokenDocument, {}, { token: register.accessToken, headers })).me?.id).toBe(register.user.id);
  }
  const counts = [await countOfMe(server, 1), await countOfMe(server, 2)];
  expect(counts[0] ?? 0).toBeGreaterThan(0);
  expect(counts[1] ?? 0).toBeGreaterThan(0);
  expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(10);
  expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  expect(await server.stop("SIGTERM")).toBe(0);
  expect(workersOf(server).filter(isRunning)).toEqual([]);
});

test("a process that is killed is replaced, and the other serves meanwhile", async () => {
  const server = await start();
  const [victim = 0] = workersOf(server);
  process.kill(victim, "SIGKILL");
  await until(() => workersOf(server).length === 3, 5000);
  expect((await server.post({ query: "{ __typename }" })).status).toBe(200);
  await until(async () => (await readMetrics(metricsUrl(server))).samples.get("auth_worker_restarts_total") === 1, 5000);
  const living = workersOf(server).slice(1);
  expect(living.map(isRunning)).toEqual([true, true]);
  expect(await server.stop("SIGINT")).toBe(0);
  await until(() => !living.some(isRunning), 2000);
});

test("workers do not outlive a primary that was killed", async () => {
  const server = await start();
  const workers = workersOf(server);
  await server.stop("SIGKILL");
  await until(() => !workers.some(isRunning), 10_000);
});

test("what keeps a worker from starting is told, and nothing stays behind", async () => {
  const env = { DATABASE_URL: database.url, SECRET: TEST_SECRET, ADMIN_EMAIL: "ada@acme.test", ADMIN_PASSWORD: "short", WORKERS: "2" };
  const { code, stderr, stdout } = await failToStart(env);
  expect(code).toBe(1);
  expect(stderr).toContain("ADMIN_PASSWORD");
  expect(stderr).not.toMatch(/^\s+at /m);
  const pids = [...stdout.matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid));
  await until(() => !pids.some(isRunning), 5000);
});

test("a METRICS_PORT that is taken stops the start, and says so", async () => {
  const server = await startServerProcess({ DATABASE_URL: database.url });
  const { port } = new URL(server.url);
  const { code, stderr } = await failToStart({ DATABASE_URL: database.url, SECRET: TEST_SECRET, HOST: "127.0.0.1", METRICS_PORT: port });
  expect(code).toBe(1);
  expect(stderr).toContain("METRICS_PORT");
  await server.stop();
});
