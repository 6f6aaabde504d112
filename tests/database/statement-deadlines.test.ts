import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { parseConnectionString } from "../../src/database/connection-string/connection-string.ts";
import { transact } from "../../src/database/transactions.ts";
import { createFacade } from "../../src/database/wire/facade.ts";
import { createOpener } from "../../src/database/wire/opener.ts";
import { createPool, type Pool } from "../../src/database/wire/pool.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTcpProxy, type TcpProxy } from "../support/wires/tcp-proxy.ts";

const DEADLINE = 6000;

let server: TestDatabase;
beforeAll(async () => {
  server = await createTestDatabase();
});
afterAll(() => server.drop());

let proxy: TcpProxy;
let pool: Pool;
let now = 0;
beforeEach(async () => {
  proxy = await startTcpProxy(server.url);
  const settings = parseConnectionString(proxy.url);
  const stopwatch = () => now;
  const opener = createOpener({ settings, applicationName: "tests", preparesStatements: true, direct: {}, stopwatch });
  pool = createPool(opener, { size: 1, deadlineMilliseconds: DEADLINE, stopwatch });
});
afterEach(async () => {
  await pool.close(0);
  await proxy.close();
});

/** What became of each statement, in the order in which it did. */
function observe(): { outcomes: string[]; ask: (name: string, statement?: string) => Promise<void> } {
  const outcomes: string[] = [];
  const sql = createFacade(pool.run, undefined);
  return {
    outcomes,
    ask: (name, statement = "select 1") =>
      sql.unsafe(statement).then(
        () => void outcomes.push(`${name} was answered`),
        (error: { code?: string }) => void outcomes.push(`${name}: ${error.code}`),
      ),
  };
}

/** Once everything that was asked for has been. */
async function pass(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  now += milliseconds;
}

test("a statement that waited for a connection is given up by when it was asked for, and one that was asked for later later", async () => {
  const { outcomes, ask } = observe();
  const { connection } = await pool.acquire();
  const waiting = ask("waiting");
  await pass(DEADLINE - 100);
  proxy.vanish();
  pool.release(connection);
  const later = ask("later");
  await pass(200);
  await waiting;
  expect(outcomes).toEqual(["waiting: STATEMENT_TIMEOUT"]);
  expect(connection.isAlive()).toBe(true);
  await pass(DEADLINE);
  await later;
  expect(outcomes).toEqual(["waiting: STATEMENT_TIMEOUT", "later: STATEMENT_TIMEOUT"]);
  expect(connection.isAlive()).toBe(false);
});

test("a connection whose statement was given up serves nobody before the answer is there, and well afterwards", async () => {
  const { outcomes, ask } = observe();
  const { connection } = await pool.acquire();
  const other = await server.sql.reserve();
  await other`select pg_advisory_lock(1)`;
  const slow = ask("slow", "select pg_advisory_lock(1), pg_advisory_unlock(1)");
  await pass(DEADLINE - 100);
  pool.release(connection);
  const alone = pool.acquire().then((lent) => {
    outcomes.push("lent");
    return lent;
  });
  await pass(200);
  await slow;
  expect(outcomes).toEqual(["slow: STATEMENT_TIMEOUT"]);
  expect(connection.load()).toBe(1);
  await other`select pg_advisory_unlock(1)`;
  other.release();
  expect((await alone).connection).toBe(connection);
  expect(connection.load()).toBe(0);
  pool.release(connection);
  await ask("next");
  expect(outcomes).toEqual(["slow: STATEMENT_TIMEOUT", "lent", "next was answered"]);
});

test("the first statement of a transaction is counted from when its connection was asked for; silence is waited for once", async () => {
  const { connection } = await pool.acquire();
  const waiting = transact(pool, (sql) => sql`select 1`);
  await pass(DEADLINE - 100);
  proxy.vanish();
  pool.release(connection);
  await pass(200);
  await expect(waiting).rejects.toMatchObject({ code: "STATEMENT_TIMEOUT" });
  expect(connection.isAlive()).toBe(false);
  expect(await transact(pool, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }]);
});
