import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LoginDocument, RegisterDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { type ServerProcess, startServerProcess } from "../../support/processes/server-process.ts";
import { newEmail, PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const isReady = async ({ url }: ServerProcess) => (await fetch(`${url}/readyz`)).status === 200;

/** As behind a load balancer: sends for as long as the server is ready by the last look at it. */
async function sendWhileReady(server: ServerProcess, credentials: { email: string; password: string }): Promise<{ answered: number }> {
  let answered = 0;
  let ready = true;
  async function look(): Promise<void> {
    while (ready) {
      ready = await isReady(server);
      await sleep(100);
    }
  }
  async function send(): Promise<void> {
    while (ready) {
      dataOf(await server.send(LoginDocument, { input: credentials }));
      answered += 1;
    }
  }
  await Promise.all([look(), send(), send(), send(), send()]);
  return { answered };
}

test.each(["1", "2"])(
  "told to stop, %s process(es) say so first, and not one request fails that came before a load balancer could know",
  async (WORKERS) => {
    const server = await startServerProcess({ DATABASE_URL: database.url, DRAIN_DELAY: "2s", WORKERS });
    const credentials = { email: newEmail(), password: PASSWORD };
    dataOf(await server.send(RegisterDocument, { input: credentials }));
    const sending = sendWhileReady(server, credentials);
    await until(() => server.output().includes("LOGIN_SUCCEEDED"), 10_000);
    const exit = server.stop("SIGTERM");
    expect((await sending).answered).toBeGreaterThan(4);
    expect(await exit).toBe(0);
  },
);

test.each(["1", "2"])("a second signal ends the waiting (%s process(es))", async (WORKERS) => {
  const server = await startServerProcess({ DATABASE_URL: database.url, DRAIN_DELAY: "5m", WORKERS });
  const exit = server.stop("SIGTERM");
  await until(async () => !(await isReady(server)), 5000);
  server.signal("SIGTERM");
  expect(await exit).toBe(0);
});
