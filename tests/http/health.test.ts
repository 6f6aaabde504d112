import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";
import { type StatementTap, tapStatements } from "../support/wires/statement-tap.ts";
import { startTcpProxy, type TcpProxy } from "../support/wires/tcp-proxy.ts";

const allWell = { ready: true, draining: false, checks: { database: "ok", migrations: "ok", revocationFeed: "ok" } };

let database: TestDatabase;
let proxy: TcpProxy;
let tap: StatementTap;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  tap = await tapStatements(proxy.url);
  const throughTap = { ...database, url: tap.url, drop: () => Promise.resolve() };
  gateway = await startTestGateway({ database: throughTap, env: { REVOCATION_MAX_LAG: "1s" } });
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await proxy.close();
  await database.drop();
});

async function readiness(): Promise<{ status: number; body: unknown; cached: string | null }> {
  const response = await fetch(`${gateway.url}/readyz`);
  return { status: response.status, body: await response.json(), cached: response.headers.get("cache-control") };
}

test("/livez and /readyz say that all is well, each check by its name, for nobody to cache", async () => {
  const live = await fetch(`${gateway.url}/livez`);
  expect([live.status, await live.json()]).toEqual([200, { live: true }]);
  expect(await readiness()).toEqual({ status: 200, body: allWell, cached: "no-store" });
});

test("a thousand probes at once ask the database no more than once a second", async () => {
  const startedAt = performance.now();
  const statements = await tap.during(() => Promise.all(Array.from({ length: 1000 }, readiness)));
  const seconds = (performance.now() - startedAt) / 1000;
  expect(statements.filter((text) => text.includes("from migrations")).length).toBeLessThanOrEqual(1 + seconds);
});

test("a migration that is missing is told", async () => {
  const [latest] = await database.sql`delete from migrations where name = (select max(name) from migrations) returning name`;
  try {
    // On a busy machine the feed may be behind for a moment.
    const missing = { ...allWell, ready: false, checks: { ...allWell.checks, migrations: "failed" } };
    await expect.poll(async () => (await readiness()).body).toEqual(missing);
  } finally {
    await database.sql`insert into migrations (name) values (${latest?.name})`;
  }
  await until(async () => (await readiness()).status === 200, 3000);
});

test.each(["cut", "holdAnswers"] as const)("without a database (%s) it lives and is not ready, and is back by itself", async (way) => {
  proxy[way]();
  await until(async () => {
    const { status, body } = await readiness();
    return (
      status === 503 && JSON.stringify(body).includes('"database":"failed"') && JSON.stringify(body).includes('"revocationFeed":"failed"')
    );
  }, 5000);
  await Promise.all(Array.from({ length: 50 }, readiness));
  expect((await fetch(`${gateway.url}/livez`)).status).toBe(200);
  if (way === "holdAnswers") proxy.cut();
  proxy.restore();
  await until(async () => (await readiness()).status === 200, 8000);
});

test("an ending gateway says so at /readyz, answers nevertheless, and keeps no connection", async () => {
  const ending = await startTestGateway({ database });
  ending.startDraining();
  const response = await fetch(`${ending.url}/readyz`);
  expect(response.status).toBe(503);
  expect(await response.json()).toEqual({ ...allWell, ready: false, draining: true });
  const answer = await ending.post({ query: "{ __typename }" });
  expect([answer.status, answer.data, answer.headers.get("connection")]).toEqual([200, { __typename: "Query" }, "close"]);
  await ending.close();
});
