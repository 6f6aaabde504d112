import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openListeningConnection } from "../../../src/database/listening-connection.ts";
import { type OpenDatabase, openDatabase } from "../../../src/database/open-database.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { SCHEMA } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

let server: TestDatabase;
let proxy: TcpProxy;
let opened: OpenDatabase;
beforeAll(async () => {
  server = await createTestDatabase();
  await server.sql`create table kept (id int primary key)`;
  proxy = await startTcpProxy(server.url);
  opened = openDatabase({ url: proxy.url, schema: SCHEMA, poolSize: 1 });
});
afterAll(async () => {
  await opened.close();
  await proxy.close();
  await server.drop();
});

const kept = async () => (await server.sql`select id from kept order by id`).map(({ id }) => id);
const insert = (id: number) => sql`insert into auth.kept values (${id})`;

test("a connection that is lost within a transaction fails that transaction, and neither the process nor the next one", async () => {
  for (let round = 0; round < 5; round += 1) {
    const lost = opened.database.transaction(async (tx) => {
      await tx.execute(insert(1));
      proxy.cut();
      await tx.execute(insert(2));
    });
    await expect(lost).rejects.toThrow();
    proxy.restore();
    await opened.database.transaction((tx) => tx.execute(insert(10 + round)));
  }
  expect(await kept()).toEqual([10, 11, 12, 13, 14]);
});

/** Whether three transactions are under way, one of them where it is to be ended; the others wait for the key that it has inserted. */
async function haveBegun(when: string): Promise<boolean> {
  const isBegun = when === "within a statement" ? "state = 'active' and query like '%pg_sleep%'" : "state = 'idle in transaction'";
  const rows = await server.sql.unsafe(`
    select (${isBegun}) as begun from pg_stat_activity
    where datname = current_database() and application_name = 'graphql-auth-gateway' and xact_start is not null`);
  return rows.length === 3 && rows.some(({ begun }) => begun === true);
}

test.each(["between two statements", "within a statement"])(
  "connections that PostgreSQL ends %s fail their transactions and nothing else",
  async (when) => {
    const pool = openDatabase({ url: server.url, schema: SCHEMA, poolSize: 6 });
    for (let round = 0; round < 10; round += 1) {
      let goOn: () => void = () => undefined;
      const ended = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const lost = Array.from({ length: 3 }, () =>
        pool.database.transaction(async (tx) => {
          await tx.execute(insert(1));
          await (when === "within a statement" ? tx.execute(sql`select pg_sleep(5)`) : ended);
          await tx.execute(insert(2));
        }),
      );
      const outcomes = Promise.allSettled(lost);
      await until(() => haveBegun(when), 20_000);
      await server.sql`
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name = 'graphql-auth-gateway'`;
      goOn();
      expect((await outcomes).map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
      const rows = await Promise.all([1, 2, 3, 4, 5, 6].map(() => pool.database.transaction((tx) => tx.execute(sql`select 1 as one`))));
      expect(rows.map(([row]) => row)).toEqual(Array(6).fill({ one: 1 }));
    }
    await pool.close();
    expect(await kept()).not.toContain(1);
  },
);

test("closing waits for transactions under way, and begins none", async () => {
  const pool = openDatabase({ url: server.url, schema: SCHEMA, poolSize: 2 });
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const running = pool.database.transaction(async (tx) => {
    begin();
    await tx.execute(sql`select pg_sleep(0.2)`);
    await tx.execute(insert(20));
  });
  const queued = pool.database.transaction((tx) => tx.execute(insert(21)));
  const queuedFails = expect(queued).rejects.toThrow();
  await begun;
  await pool.close();
  await running;
  await queuedFails;
  await expect(pool.database.transaction((tx) => tx.execute(insert(22)))).rejects.toThrow();
  const rows = await kept();
  expect(rows).toContain(20);
  expect(rows).not.toContain(21);
  expect(rows).not.toContain(22);
  await server.sql`delete from kept where id = 20`;
});

test("what is thrown inside rolls back, and a failure that was swallowed does not pass for a commit", async () => {
  const failing = opened.database.transaction(async (tx) => {
    await tx.execute(insert(30));
    throw new Error("on purpose");
  });
  await expect(failing).rejects.toThrow("on purpose");
  const swallowing = opened.database.transaction(async (tx) => {
    await tx.execute(insert(31));
    await tx.execute(insert(31)).catch(() => undefined);
  });
  await expect(swallowing).rejects.toThrow("rolled back");
  await opened.database.transaction((tx) => tx.execute(insert(32)));
  expect((await kept()).slice(-2)).toEqual([14, 32]);
});

test("a reading whose connection is lost between two slices fails, and does not end as if that were all", async () => {
  const connection = openListeningConnection(proxy.url, "heard", () => undefined);
  const seen: unknown[] = [];
  async function readAll(): Promise<void> {
    for await (const rows of connection.sql`select generate_series(1, 6) as one`.cursor(2)) {
      seen.push(...rows);
      proxy.cut();
      await expect(connection.sql`select 1`).rejects.toThrow("lost");
    }
  }
  await expect(readAll()).rejects.toThrow("lost");
  expect(seen).toEqual([{ one: 1 }, { one: 2 }]);
  await connection.close();
  proxy.restore();
});
