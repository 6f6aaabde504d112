import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NewMessage } from "../../../src/outbox/outbox-messages.ts";
import { LoginDocument } from "../../generated/operations.ts";
import { codesOf } from "../../support/client.ts";
import { createTestClock } from "../../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../../support/databases/redis.ts";
import { whileHeld } from "../../support/databases/while-held.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type BrokenUpstream, brokenSdl, startBrokenUpstream } from "../../support/graphs/broken-upstream.ts";
import { type MailServer, startMailServer } from "../../support/mail/mail-server.ts";
import { type MessageWriter, openMessageWriter } from "../../support/mail/write-messages.ts";
import { readMetrics } from "../../support/metrics.ts";
import { PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";
import { openReceiver, type Receiver } from "../../support/webhooks/receiver.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

/* A gateway with all that it may depend on, each of which goes away and comes back. */

const PATIENCE = 20_000;
/** More than an outage has to be quiet for before it is taken for over. */
const QUIET_SECONDS = 20;
const clock = createTestClock();
let folder: string;
let database: TestDatabase;
let wire: TcpProxy;
let upstream: BrokenUpstream;
let mail: MailServer;
let receiver: Receiver;
let redis: TestRedis | undefined;
let writer: MessageWriter;
let gateway: TestGateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "outages-"));
  await writeFile(join(folder, "broken.graphql"), brokenSdl);
  [database, upstream, mail, receiver] = await Promise.all([
    createTestDatabase(),
    startBrokenUpstream(),
    startMailServer(),
    openReceiver(),
  ]);
  redis = hasRedis ? await startTestRedis() : undefined;
  wire = await startTcpProxy(database.url);
  writer = openMessageWriter(database.url, clock);
  gateway = await startTestGateway({
    clock,
    database: { ...database, url: wire.url },
    env: {
      REVOCATION_MAX_LAG: "1s",
      SMTP_URL: mail.url,
      MAIL_FROM: "accounts@acme.test",
      HOOK_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}`,
      ...(redis && { REDIS_URL: redis.url }),
    },
    gatewayYaml: `
webhooks: [{ url: "${receiver.url}/hook?key=of-the-receiver", secret: { env: HOOK_SECRET }, events: [user.registered] }]
upstreams: [{ name: broken, url: "${upstream.url}", sdl: { file: "${join(folder, "broken.graphql")}" }, retries: 0 }]
`,
    wait: (milliseconds, signal) => sleep(Math.min(milliseconds, 100), undefined, { signal }),
  });
});
afterAll(async () => {
  await gateway?.close();
  await Promise.all([mail?.close(), receiver?.close(), upstream?.close(), writer?.close(), redis?.kill()]);
  await wire?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

let before: number;
beforeEach(() => {
  before = gateway.logs.length;
});
/** The warnings and errors of this test, without what audit events say. */
const lines = () => gateway.logs.slice(before).filter(({ level, event }) => Number(level) >= 40 && event === undefined);
const textsOf = (start: string) => lines().flatMap(({ msg }) => (String(msg).startsWith(start) ? [String(msg)] : []));
const has = (start: string) => until(() => textsOf(start).length > 0, PATIENCE);

/** How often something has been counted at /metrics, by a part of its series. */
async function counted(...parts: readonly string[]): Promise<number> {
  const { samples } = await readMetrics(gateway.url);
  return [...samples].filter(([series]) => parts.every((part) => series.includes(part))).reduce((sum, [, count]) => sum + count, 0);
}

/** Waits until it has been counted so many times more. */
async function untilMore(times: number, ...parts: readonly string[]): Promise<void> {
  const start = await counted(...parts);
  await until(async () => (await counted(...parts)) >= start + times, PATIENCE);
}

describe("an outage is a line at its beginning and one at its end, without a stack", () => {
  test("of the database, though calls, every chore and both couriers fail again and again; while it lasts, one a minute", async () => {
    wire.cut();
    const login = `mutation { login(input: { email: "nobody@example.com", password: "a long walk by the sea" }) { expiresIn } }`;
    for (let round = 0; round < 5; round += 1) expect(codesOf(await gateway.post({ query: login }))).toEqual(["SERVICE_UNAVAILABLE"]);
    for (const chore of ["outbox", "ended sessions", "purge", "account erasure", "signing keys"]) {
      await untilMore(2, "auth_chore_runs_total", `"${chore}"`, '"failed"');
    }
    await has("the revocation feed is out of reach");
    expect(textsOf("the database")).toHaveLength(1);
    clock.advance(61);
    await untilMore(10, "auth_chore_runs_total", '"failed"');
    wire.restore();
    await untilMore(10, "auth_chore_runs_total", '"done"');
    clock.advance(QUIET_SECONDS);
    await has("the database is back");
    expect(textsOf("the database")).toEqual([
      expect.stringContaining("the database is out of reach: calls are answered SERVICE_UNAVAILABLE"),
      expect.stringContaining("the database is out of reach"),
      "the database is back",
    ]);
    expect(lines().at(-1)).toMatchObject({ failures: expect.any(Number), seconds: expect.any(Number) });
    expectNoStack();
  });

  test.skipIf(!hasRedis)("of Redis, however many calls are counted without it", async () => {
    await redis?.kill();
    for (let round = 0; round < 10; round += 1) await gateway.post({ query: "{ me { id } }" });
    await redis?.start();
    await until(() => gateway.logs.slice(before).some(({ msg }) => String(msg).startsWith("Redis is back")), PATIENCE);
    expect(textsOf("Redis is out of reach")).toHaveLength(1);
    expectNoStack();
  });

  test("of an upstream, however many operations ask it", async () => {
    upstream.behave("reset");
    for (let round = 0; round < 10; round += 1) {
      expect(codesOf(await gateway.post({ query: "{ note }" }))).toEqual(["UPSTREAM_UNAVAILABLE"]);
    }
    upstream.behave("well");
    clock.advance(QUIET_SECONDS);
    await gateway.post({ query: "{ note }" });
    expect(lines()).toMatchObject([
      { msg: "a graph behind the gateway gave no answer", upstream: "broken", requestId: expect.any(String) },
      { msg: "a graph behind the gateway answers again", failures: 10 },
    ]);
    expectNoStack();
  });

  test("of the mail server, however many messages wait for it", async () => {
    const { port } = mail;
    await mail.close();
    await writer.write(...Array.from({ length: 5 }, () => undefined));
    await untilMore(5, "auth_outbox_messages_total", '"email"', '"retried"');
    mail = await startMailServer({ port });
    clock.advance(QUIET_SECONDS);
    await until(() => mail.taken.length === 5, PATIENCE);
    await has("messages can be sent again");
    expect(lines()).toMatchObject([
      { msg: "messages cannot be sent, and will be tried again", to: "the mail server", problem: "the mail server is out of reach" },
      // Some may be tried once more before the server listens again.
      { msg: "messages can be sent again", failures: expect.any(Number) },
    ]);
    expect(Number(lines().at(-1)?.failures)).toBeGreaterThanOrEqual(5);
    expectNoStack();
  });

  test("of a receiver of webhooks, however many calls wait for it; of its URL the log has the origin alone", async () => {
    receiver.answer = (_call, response) => response.writeHead(503).end();
    const call = { channel: "webhook", url: `${receiver.url}/hook?key=of-the-receiver`, type: "user.registered", body: "{}" };
    await writer.write(...Array.from({ length: 5 }, () => call as Partial<NewMessage>));
    await untilMore(5, "auth_outbox_messages_total", '"webhook"', '"retried"');
    receiver.answer = (_call, response) => response.writeHead(204).end();
    clock.advance(QUIET_SECONDS);
    await has("messages can be sent again");
    expect(lines()).toMatchObject([
      { msg: "messages cannot be sent, and will be tried again", to: receiver.url, problem: "HTTP 503" },
      { msg: "messages can be sent again", failures: 5 },
    ]);
    expect(JSON.stringify(lines())).not.toContain("of-the-receiver");
    expectNoStack();
  });
});

function expectNoStack(): void {
  expect(JSON.stringify(lines())).not.toMatch(/"stack"|\bat \w+ \(/);
}

describe("a statement that the database gives up, for others hold what it needs, is a warning with the SQLSTATE and no outage", () => {
  test("of calls: they are answered SERVICE_UNAVAILABLE", async () => {
    const { user } = await gateway.register();
    const login = await whileHeld(
      database.sql,
      (tx) => tx`select from users where id = ${user.id} for update`,
      () => gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }),
    );
    expect(codesOf(login)).toEqual(["SERVICE_UNAVAILABLE"]);
    clock.advance(QUIET_SECONDS);
    await has("the database gives up no more");
    const problem = { code: "57014" };
    expect(lines()).toMatchObject([
      { level: 40, msg: expect.stringMatching(/^the database gave a statement up: /), requestId: expect.any(String), problem },
      { level: 40, msg: expect.stringMatching(/^the database gives up no more/), failures: 1 },
    ]);
    expectNoStack();
  });

  test("of a chore, with its name", async () => {
    await whileHeld(
      database.sql,
      (tx) => tx`lock table outbox in access exclusive mode`,
      () => until(() => lines().some(({ chore }) => chore === "outbox"), PATIENCE),
    );
    await untilMore(2, "auth_chore_runs_total", '"outbox"', '"done"');
    clock.advance(QUIET_SECONDS);
    await until(() => lines().some(({ msg, chore }) => msg === "a chore works again" && chore === "outbox"), PATIENCE);
    expect(lines().filter(({ chore }) => chore === "outbox")).toMatchObject([
      { level: 40, msg: "a chore failed and will be tried again", problem: { code: "57014" } },
      { level: 40, msg: "a chore works again" },
    ]);
    expect(textsOf("the database")).toEqual([]);
    expectNoStack();
  });
});

describe("a failure that nobody expects", () => {
  test("has its stack, once, however often a chore and a courier are tried meanwhile", async () => {
    const told = (name: string) => lines().filter(({ chore }) => chore === name);
    await database.sql`alter table auth.outbox rename to away`;
    await untilMore(5, "auth_chore_runs_total", '"outbox"', '"failed"');
    await until(() => told("courier").length > 0, PATIENCE);
    await database.sql`alter table auth.away rename to outbox`;
    await untilMore(2, "auth_chore_runs_total", '"outbox"', '"done"');
    clock.advance(QUIET_SECONDS);
    await until(() => lines().some(({ msg, chore }) => msg === "a chore works again" && chore === "outbox"), PATIENCE);
    const failure = { level: 50, msg: "a chore failed and will be tried again", err: { stack: expect.any(String) } };
    expect(told("outbox")).toMatchObject([failure, { level: 40, msg: "a chore works again" }]);
    expect(told("courier")).toMatchObject([failure]);
  });
});
