import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { NewMessage } from "../../src/outbox/outbox-messages.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { type MailServer, startMailServer } from "../support/mail/mail-server.ts";
import { readOutboxRow } from "../support/mail/outbox-row.ts";
import { type MessageWriter, openMessageWriter } from "../support/mail/write-messages.ts";
import { readMetrics } from "../support/metrics.ts";
import { until } from "../support/until.ts";

const PATIENCE = 15_000;
const clock = createTestClock();
let database: TestDatabase;
let gateway: TestGateway;
let server: MailServer;
let writer: MessageWriter;

beforeAll(async () => {
  database = await createTestDatabase();
  server = await startMailServer();
  writer = openMessageWriter(database.url, clock);
  const env = { SMTP_URL: server.url, MAIL_FROM: "Acme Accounts <accounts@acme.test>" };
  gateway = await startTestGateway({ database, clock, env, logLevel: "debug" });
});
beforeEach(() => {
  server.behaviour = {};
});
afterEach(() => database.sql`delete from outbox`);
afterAll(async () => {
  await gateway.close();
  await server.close();
  await writer.close();
  await database.drop();
});

const rowOf = (id?: string) => readOutboxRow(database, id);
const mailsOf = (id = "") => server.received.filter(({ parsed }) => parsed.messageId === `<${id}@acme.test>`);
const becomes = (id: string | undefined, state: string) => until(async () => (await rowOf(id)).state === state, PATIENCE);
/** So often it was tried, and every outcome was noted. */
const failed = (id: string | undefined, attempts: number) =>
  until(() => {
    const told = gateway.logs.filter(({ msg, message }) => String(msg).startsWith("a message could not") && idOf(message) === id);
    return told.length === attempts;
  }, PATIENCE);
const idOf = (message: unknown) => (message as { id?: string } | undefined)?.id;
const to = (address: string): Partial<NewMessage> => ({ channel: "email", to: address }) as Partial<NewMessage>;

test("a message arrives as text and HTML, from whom it should be, and says that nobody wrote it", async () => {
  const [id] = await writer.write(to("ada@example.com"));
  await becomes(id, "SENT");
  const [mail, ...more] = mailsOf(id);
  expect(more).toEqual([]);
  expect(mail).toMatchObject({ from: "accounts@acme.test", to: ["ada@example.com"] });
  const { headers, from, to: recipients, subject, text, html, date } = mail?.parsed ?? ({} as never);
  expect(from?.value).toEqual([{ name: "Acme Accounts", address: "accounts@acme.test" }]);
  expect(recipients).toMatchObject({ value: [{ address: "ada@example.com" }] });
  expect(subject).toBe("Confirm your e-mail address for Acme Accounts");
  expect(headers.get("auto-submitted")).toBe("auto-generated");
  expect(headers.get("x-auto-response-suppress")).toBe("All");
  for (const body of [text, html]) {
    expect(body).toContain("https://auth.test/account/verify-email#token=abc");
    expect(body).toContain("123456");
    expect(body).toContain("If it was not you");
  }
  const [row] = await database.sql`select date_trunc('second', created_at) as at from outbox where id = ${id ?? ""}`;
  expect(date).toEqual(row?.at);
});

test("what was sent keeps neither address nor link", async () => {
  const [id] = await writer.write(to("ada@example.com"));
  await becomes(id, "SENT");
  expect(await rowOf(id)).toEqual({ state: "SENT", attempts: 1, problem: null, encrypted_payload: null });
});

test("a message of a transaction that was rolled back is never sent, and one of a transaction that commits is", async () => {
  await writer.writeAndRollBack(to("rolled-back@example.com"));
  const [id] = await writer.write(to("committed@example.com"));
  await becomes(id, "SENT");
  expect(server.received.flatMap((mail) => mail.to)).not.toContain("rolled-back@example.com");
});

test("a recipient whom the server refuses for good is tried once; others get theirs; the log has neither address nor answer", async () => {
  const before = gateway.logs.length;
  server.behaviour = { recipient: (address) => (address === "nobody@example.com" ? 550 : undefined) };
  const [dead, other] = await writer.write(to("nobody@example.com"), to("somebody@example.com"));
  await becomes(dead, "DEAD");
  await becomes(other, "SENT");
  clock.advance(86_000);
  expect(await rowOf(dead)).toEqual({ state: "DEAD", attempts: 1, problem: "the mail server refuses it (550)", encrypted_payload: null });
  const lines = gateway.logs.slice(before);
  expect(lines).toContainEqual(
    expect.objectContaining({
      level: 40,
      msg: "a message was given up",
      message: { id: dead, channel: "email", topic: "verify_email", problem: "the mail server refuses it (550)" },
    }),
  );
  expect(JSON.stringify(lines)).not.toMatch(/@example\.com|secret words/);
});

test("a message that is refused for good after DATA is tried once", async () => {
  server.behaviour = { message: () => 554 };
  const [id] = await writer.write(undefined);
  await becomes(id, "DEAD");
  expect(await rowOf(id)).toMatchObject({ attempts: 1, problem: "the mail server refuses it (554)" });
});

test.each([
  ["recipient", 451],
  ["message", 452],
] as const)("what the server refuses for now (%s) is sent later, with the same Message-ID", async (place, code) => {
  server.behaviour = { [place]: () => code };
  const [id] = await writer.write(undefined);
  await failed(id, 1);
  expect((await rowOf(id)).problem).toBe(`the mail server does not take it now (${code})`);
  server.behaviour = {};
  clock.advance(7);
  await becomes(id, "SENT");
  expect(await rowOf(id)).toMatchObject({ attempts: 2 });
  expect(mailsOf(id).at(-1)?.to).toEqual(["ada@example.com"]);
});

test("a server that is down is tried again, more and more rarely, until it is back", async () => {
  const { port } = server;
  await server.close();
  const [id] = await writer.write(undefined);
  await failed(id, 1);
  expect((await rowOf(id)).problem).toBe("the mail server is out of reach");
  for (const [attempts, seconds] of [
    [2, 7],
    [3, 37],
    [4, 145],
  ] as const) {
    clock.advance(seconds);
    await failed(id, attempts);
  }
  const [wait] =
    await database.sql`select extract(epoch from next_attempt_at - ${clock.now().toISOString()}::timestamptz) as seconds from outbox`;
  expect(Number(wait?.seconds)).toBeGreaterThan(400);
  expect(Number(wait?.seconds)).toBeLessThan(721);
  server = await startMailServer({ port });
  clock.advance(721);
  await becomes(id, "SENT");
  expect(mailsOf(id)).toHaveLength(1);
});

test("a connection that is cut after DATA may have delivered: it is sent again, with the same Message-ID", async () => {
  server.behaviour = { message: () => "drop" };
  const [id] = await writer.write(undefined);
  await failed(id, 1);
  expect(mailsOf(id)).toHaveLength(1);
  server.behaviour = {};
  clock.advance(7);
  await becomes(id, "SENT");
  expect(mailsOf(id)).toHaveLength(2);
});

test("a message that is worthless by now is not sent", async () => {
  const before = server.received.length;
  const [expired, gone] = await writer.write(
    { ...to("late@example.com"), expiresAt: new Date(clock.now().getTime() - 1) },
    { ...to("later@example.com"), expiresAt: clock.now() },
  );
  await becomes(expired, "DEAD");
  await becomes(gone, "DEAD");
  expect(await rowOf(expired)).toMatchObject({ problem: "its time ran out", encrypted_payload: null });
  expect(server.received.length).toBe(before);
});

test("what could be tried again only after it is worthless is given up", async () => {
  server.behaviour = { message: () => 450 };
  const [id] = await writer.write({ expiresAt: new Date(clock.now().getTime() + 3000) });
  await becomes(id, "DEAD");
  expect(await rowOf(id)).toMatchObject({ attempts: 1, problem: "the mail server does not take it now (450)" });
});

test("after a change of SECRET, what was sealed under the old value is still sent", async () => {
  const own = await createTestDatabase();
  const before = openMessageWriter(own.url, clock);
  const [id = ""] = await before.write(undefined);
  const env = { SMTP_URL: server.url, MAIL_FROM: "accounts@acme.test", SECRET: `the newest secret that is long enough,${TEST_SECRET}` };
  const rotated = await startTestGateway({ database: own, clock, env: { ...env, ISSUER: "https://rotated.test" } });
  await until(async () => (await own.sql`select from outbox where id = ${id} and state = 'SENT'`).length === 1, PATIENCE);
  expect(mailsOf(id)).toHaveLength(1);
  await rotated.close();
  await before.close();
  await own.drop();
});

test("a message that no value of SECRET opens waits for a process with the right one", async () => {
  const stranger = openMessageWriter(database.url, clock, "a secret that nobody here knows, long enough");
  const [id] = await stranger.write(undefined);
  await failed(id, 1);
  expect(await rowOf(id)).toMatchObject({ state: "PENDING", problem: "no value of SECRET opens it" });
  await stranger.close();
});

test("the meters tell what became of messages", async () => {
  server.behaviour = { recipient: (address) => (address === "nobody@example.com" ? 550 : undefined) };
  const before = (await readMetrics(gateway.url)).samples;
  const [dead, sent] = await writer.write(to("nobody@example.com"), to("ada@example.com"));
  await becomes(dead, "DEAD");
  await becomes(sent, "SENT");
  const series = (outcome: string) => `auth_outbox_messages_total{channel="email",outcome="${outcome}"}`;
  await until(async () => {
    const { samples } = await readMetrics(gateway.url);
    return ["sent", "dead"].every((outcome) => samples.get(series(outcome)) === (before.get(series(outcome)) ?? 0) + 1);
  }, PATIENCE);
});

describe("addresses", () => {
  test.each([
    ["a line break", "ada@example.com\r\nBcc: eve@evil.test"],
    ["a line feed", "ada@example.com\nBcc: eve@evil.test"],
    ["a second address", "ada@example.com, eve@evil.test"],
    ["a group", "friends: ada@example.com, eve@evil.test;"],
    ["a name", "Eve <eve@evil.test>"],
    ["brackets that end it", "ada@example.com> ORCPT=x"],
    ["a command", "ada@example.com>\r\nRCPT TO:<eve@evil.test>"],
  ])("%s in an address reaches nobody else", async (_title, address) => {
    const before = server.received.length;
    const [id] = await writer.write(to(address));
    await until(async () => {
      const row = await rowOf(id);
      return row.state !== "PENDING" || row.problem !== null;
    }, PATIENCE);
    for (const mail of server.received.slice(before)) {
      expect(mail.to).not.toContain("eve@evil.test");
      expect(mail.parsed.headers.has("bcc")).toBe(false);
    }
  });

  test("a domain in another alphabet is written as servers know it", async () => {
    const [id] = await writer.write(to("ada@пример.рф"));
    await becomes(id, "SENT");
    // The server of the tests tells domains in their own alphabet, whatever was written.
    expect(mailsOf(id)[0]?.raw).toMatch(/^To: ada@xn--e1afmkfd\.xn--p1ai\r$/m);
  });

  test("a name in another alphabet is kept as it is", async () => {
    const [id] = await writer.write(to("почта@example.com"));
    await becomes(id, "SENT");
    expect(mailsOf(id)[0]?.to).toEqual(["почта@example.com"]);
  });
});
