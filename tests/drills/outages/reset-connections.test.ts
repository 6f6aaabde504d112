import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openListeningConnection } from "../../../src/database/listening-connection.ts";
import { migrateDatabase } from "../../../src/database/migrate.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { takeSoleLock } from "../../../src/database/sole-lock.ts";
import { type Courier, startCourier } from "../../../src/outbox/courier.ts";
import { createPayloads } from "../../../src/outbox/outbox.ts";
import { createTestClock } from "../../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, TEST_SECRET } from "../../support/gateway.ts";
import { openMessageWriter } from "../../support/mail/write-messages.ts";
import { SCHEMA } from "../../support/raw-client.ts";
import { until } from "../../support/until.ts";
import { type ResettingRelay, startResettingRelay } from "../../support/wires/resetting-relay.ts";

let server: TestDatabase;
let relay: ResettingRelay;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);
beforeAll(async () => {
  process.on("unhandledRejection", hear).on("uncaughtException", hear);
  server = await createTestDatabase();
  relay = await startResettingRelay(server.url);
});
afterAll(async () => {
  process.off("unhandledRejection", hear).off("uncaughtException", hear);
  await relay.close();
  await server.drop();
});

type Work = (url: string) => Promise<unknown>;

async function withDatabase(
  url: string,
  work: (opened: ReturnType<typeof openDatabase>["database"]) => Promise<unknown>,
): Promise<unknown> {
  const { database, close } = openDatabase({ url, schema: SCHEMA, poolSize: 2 });
  try {
    return await work(database);
  } finally {
    await close();
  }
}

const statements: [string, Work][] = [
  ["a simple statement", (url) => withDatabase(url, ({ $sql }) => $sql.unsafe("select 1 as one"))],
  ["a statement that is described first", (url) => withDatabase(url, ({ $sql }) => $sql.unsafe("select $1::int as one", [1]))],
  [
    "a prepared statement, and again",
    (url) =>
      withDatabase(url, async ({ $sql }) => {
        for (const one of [1, 2, 3]) await $sql`select ${one}::int as one, ${["a", "b"]}::text[] as texts`;
      }),
  ],
  ["many statements at once", (url) => withDatabase(url, ({ $sql }) => Promise.all([1, 2, 3, 4].map((one) => $sql`select ${one}::int`)))],
  [
    "a transaction",
    (url) =>
      withDatabase(url, (database) =>
        database.transaction(async (tx) => {
          await tx.execute(sql`select ${1}::int as one`);
          await tx.execute(sql`select ${2}::int as two`);
        }),
      ),
  ],
  [
    "what listens",
    async (url) => {
      const connection = openListeningConnection(url, "heard", () => undefined);
      try {
        await connection.listen();
        for await (const rows of connection.sql`select generate_series(1, 5) as one`.cursor(2)) expect(rows.length).toBeGreaterThan(0);
      } finally {
        await connection.close();
      }
    },
  ],
  [
    "a courier of the outbox, from its claim to its mark",
    async (url) => {
      await server.sql`delete from outbox`;
      const clock = createTestClock();
      const writer = openMessageWriter(server.url, clock);
      await writer.write(undefined);
      await writer.close();
      await withDatabase(url, async (database) => {
        const done = new Promise((resolve) => {
          const courier = startCourier("email", {
            database,
            payloads: createPayloads([TEST_SECRET]),
            clock: clock.now,
            deliver: () => Promise.resolve({ kind: "sent" }),
            chance: () => 0.5,
            onOutcome: () => resolve(courier),
            onFailure: () => resolve(courier),
          });
        });
        await ((await done) as Courier).stop(AbortSignal.abort());
      });
    },
  ],
  ["migrations", (url) => migrateDatabase(url, SCHEMA)],
  ["a lock", async (url) => (await takeSoleLock(url, "of a test"))?.release()],
];

/** Whatever came of it, in a time that is far longer than any of it takes, and far shorter than for ever. */
const settle = (work: Promise<unknown>) =>
  Promise.race([
    work.then(
      () => "done",
      () => "failed",
    ),
    new Promise((resolve) => setTimeout(resolve, 20_000, "hangs").unref()),
  ]);

test.each(statements)(
  "a connection that is reset after any message of %s fails that alone, and neither the process nor the next one",
  async (_name, work) => {
    relay.resetAfter(undefined);
    await work(relay.url);
    const messages = relay.longest();
    expect(messages).toBeGreaterThan(10);
    for (let count = 0; count < messages; count += 1) {
      relay.resetAfter(count);
      expect(["done", "failed"]).toContain(await settle(work(relay.url)));
    }
    relay.resetAfter(undefined);
    await work(relay.url);
    expect(unheard).toEqual([]);
  },
);

test("a gateway whose connections are reset after any message answers cleanly, and goes on once they are not", async () => {
  relay.resetAfter(undefined);
  const gateway = await startTestGateway({ database: { ...server, url: relay.url }, env: { DATABASE_POOL_SIZE: "4" } });
  const { user } = await gateway.register();
  for (let count = 0; count < 40; count += 1) {
    relay.resetAfter(count);
    const reply = await gateway.login(user.email).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(reply ?? "SERVICE_UNAVAILABLE").toContain("SERVICE_UNAVAILABLE");
  }
  relay.resetAfter(undefined);
  // What is open then is cut off once more, which the gateway may notice by the next statement only.
  await until(() => gateway.login(user.email).then(Boolean, () => false), 5000);
  await gateway.close();
  expect(unheard).toEqual([]);
});
