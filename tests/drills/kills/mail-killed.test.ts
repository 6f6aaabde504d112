import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestClock } from "../../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway } from "../../support/gateway.ts";
import { type MailServer, startMailServer } from "../../support/mail/mail-server.ts";
import { type MessageWriter, openMessageWriter } from "../../support/mail/write-messages.ts";
import { startServerProcess } from "../../support/processes/server-process.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy } from "../../support/wires/tcp-proxy.ts";

const PATIENCE = 20_000;
let database: TestDatabase;
let server: MailServer;
let writer: MessageWriter;
let env: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startMailServer();
  // The processes go by the time of the machine.
  writer = openMessageWriter(database.url, createTestClock());
  env = { SMTP_URL: server.url, MAIL_FROM: "accounts@acme.test" };
});
afterAll(async () => {
  await server.close();
  await writer.close();
  await database.drop();
});

const stateOf = async (id: string) => (await database.sql`select state, attempts from outbox where id = ${id}`)[0];
const idsOf = (mails: MailServer["received"]) => mails.map(({ parsed }) => parsed.messageId);

test("a process that is killed between sending and noting loses nothing: the message is sent again, with the same Message-ID", async () => {
  const proxy = await startTcpProxy(database.url);
  const child = await startServerProcess({ ...env, DATABASE_URL: proxy.url });
  server.behaviour = {
    message() {
      // It is taken, and nobody will be able to note it.
      proxy.cut();
      return undefined;
    },
  };
  const [id = ""] = await writer.write(undefined);
  await until(() => server.taken.length === 1, PATIENCE);
  await child.stop("SIGKILL");
  await proxy.close();
  expect(await stateOf(id)).toEqual({ state: "PENDING", attempts: 1 });

  server.behaviour = {};
  const clock = createTestClock();
  const next = await startTestGateway({ database, clock, env });
  // The one that died may still be at it, as far as anybody knows.
  clock.advance(121);
  await until(async () => (await stateOf(id))?.state === "SENT", PATIENCE);
  await next.close();
  expect(await stateOf(id)).toEqual({ state: "SENT", attempts: 2 });
  expect(idsOf(server.taken)).toEqual([`<${id}@acme.test>`, `<${id}@acme.test>`]);
});

test("a process that is killed while the server takes its time loses nothing", async () => {
  const before = server.received.length;
  const child = await startServerProcess({ ...env, DATABASE_URL: database.url });
  server.behaviour = { message: () => new Promise(() => undefined) };
  const [id = ""] = await writer.write(undefined);
  await until(() => server.received.length === before + 1, PATIENCE);
  await child.stop("SIGKILL");
  server.behaviour = {};
  const clock = createTestClock();
  const next = await startTestGateway({ database, clock, env });
  clock.advance(121);
  await until(async () => (await stateOf(id))?.state === "SENT", PATIENCE);
  await next.close();
  expect(idsOf(server.received.slice(before))).toEqual([`<${id}@acme.test>`, `<${id}@acme.test>`]);
});

test("an orderly stop notes what is under way before it exits", async () => {
  const before = server.received.length;
  const child = await startServerProcess({ ...env, DATABASE_URL: database.url });
  const answer = new AbortController();
  server.behaviour = { message: () => once(answer.signal, "abort").then(() => undefined) };
  const [id = ""] = await writer.write(undefined);
  await until(() => server.received.length === before + 1, PATIENCE);
  child.signal("SIGTERM");
  await until(() => child.output().includes('"stopping"'), PATIENCE);
  answer.abort();
  expect(await child.exited()).toBe(0);
  expect(await stateOf(id)).toEqual({ state: "SENT", attempts: 1 });
});

test("two processes never send one message twice", async () => {
  server.behaviour = {};
  const before = server.received.length;
  const children = await Promise.all([1, 2].map(() => startServerProcess({ ...env, DATABASE_URL: database.url })));
  const ids = await writer.write(
    ...Array.from({ length: 200 }, (_, index) => ({ channel: "email", to: `u${index}@example.com` }) as const),
  );
  await until(async () => {
    const [row] = await database.sql`select count(*)::int as waiting from outbox where state = 'PENDING'`;
    return row?.waiting === 0;
  }, PATIENCE);
  await Promise.all(children.map((child) => child.stop()));
  const sent = idsOf(server.received.slice(before));
  expect(sent).toHaveLength(200);
  expect(new Set(sent)).toEqual(new Set(ids.map((id) => `<${id}@acme.test>`)));
});
