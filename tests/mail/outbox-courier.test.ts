import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMailComposer } from "../../src/mail/compose-mail.ts";
import { chooseWords } from "../../src/mail/own-words.ts";
import { createSmtpDelivery } from "../../src/mail/smtp-delivery.ts";
import { type Courier, startCourier } from "../../src/outbox/courier.ts";
import type { Deliver } from "../../src/outbox/delivery.ts";
import type { Outcome } from "../../src/outbox/handle-message.ts";
import { createPayloads } from "../../src/outbox/outbox.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { TEST_SECRET } from "../support/gateway.ts";
import { type MailServer, startMailServer } from "../support/mail/mail-server.ts";
import { type MessageWriter, openMessageWriter } from "../support/mail/write-messages.ts";
import { until } from "../support/until.ts";

const PATIENCE = 15_000;
const clock = createTestClock();
let database: TestDatabase;
let writer: MessageWriter;
let server: MailServer;

beforeAll(async () => {
  database = await createTestDatabase();
  writer = openMessageWriter(database.url, clock);
  server = await startMailServer();
});
afterEach(() => database.sql`delete from outbox`);
afterAll(async () => {
  await server.close();
  await writer.close();
  await database.drop();
});

function start(deliver: Deliver): Courier & { readonly outcomes: (Outcome | undefined)[]; readonly failures: unknown[] } {
  const outcomes: (Outcome | undefined)[] = [];
  const failures: unknown[] = [];
  const courier = startCourier("email", {
    database: writer.database,
    payloads: createPayloads([TEST_SECRET]),
    clock: clock.now,
    deliver,
    chance: () => 0.5,
    onOutcome: (outcome) => void outcomes.push(outcome),
    onFailure: (error) => void failures.push(error),
  });
  return { ...courier, outcomes, failures };
}

const stateOf = async (id = "") => (await database.sql`select state, attempts, problem from outbox where id = ${id}`)[0];
const hasty = AbortSignal.abort();

test("a delivery that hangs and heeds no signal holds up neither others nor the stop; the next process tries again at once", async () => {
  const [hanging] = await writer.write(undefined);
  const courier = start((_message, { id }) => (id === hanging ? new Promise(() => undefined) : Promise.resolve({ kind: "sent" })));
  const [other] = await writer.write(undefined);
  await until(async () => (await stateOf(other))?.state === "SENT", PATIENCE);
  await courier.stop(hasty);
  expect(await stateOf(hanging)).toEqual({ state: "PENDING", attempts: 1, problem: "there was no answer in time" });
  const next = start(() => Promise.resolve({ kind: "sent" }));
  await until(async () => (await stateOf(hanging))?.state === "SENT", PATIENCE);
  await next.stop();
});

test("a mail server that hangs is left when the process stops, and its message comes again", async () => {
  const before = server.received.length;
  server.behaviour = { message: () => new Promise(() => undefined) };
  const smtp = smtpTo({ host: "127.0.0.1", port: server.port, tls: "none", login: undefined });
  const courier = start(smtp.deliver as Deliver);
  const [id] = await writer.write(undefined);
  await until(() => server.received.length === before + 1, PATIENCE);
  await courier.stop(hasty);
  smtp.close();
  expect(await stateOf(id)).toMatchObject({ state: "PENDING", problem: "the mail server did not answer in time" });
});

test.each([
  ["throws", () => Promise.reject(new Error("ada@example.com"))],
  [
    "throws before it begins",
    () => {
      throw new Error("ada@example.com");
    },
  ],
])("a delivery that %s is tried again, and its words are not kept", async (_title, deliver) => {
  const [id] = await writer.write(undefined);
  const courier = start(deliver as Deliver);
  await until(() => courier.outcomes.length === 1, PATIENCE);
  await courier.stop();
  expect(courier.failures).toHaveLength(1);
  expect(await stateOf(id)).toEqual({ state: "PENDING", attempts: 1, problem: "the attempt failed" });
});

test("after the twenty-fifth attempt a message is given up", async () => {
  const [id = ""] = await writer.write(undefined);
  await database.sql`update outbox set attempts = 24 where id = ${id}`;
  const courier = start(() => Promise.resolve({ kind: "later", problem: "not now" }));
  await until(async () => (await stateOf(id))?.state === "DEAD", PATIENCE);
  await courier.stop();
  expect(await stateOf(id)).toEqual({ state: "DEAD", attempts: 25, problem: "not now" });
});

test("nothing is sent to a server without STARTTLS where TLS is required, nor the password", async () => {
  const before = server.received.length;
  const smtp = smtpTo({ host: "127.0.0.1", port: server.port, tls: "required", login: { user: "gateway", password: "secret" } });
  const [id] = await writer.write(undefined);
  const courier = start(smtp.deliver as Deliver);
  await until(() => courier.outcomes.length === 1, PATIENCE);
  await courier.stop();
  smtp.close();
  expect(await stateOf(id)).toMatchObject({ state: "PENDING", problem: expect.stringMatching(/^no trustworthy TLS/) });
  expect(server.received.length).toBe(before);
});

test("a certificate that nobody vouches for is refused", async () => {
  // Without a certificate of its own the server uses one that it signed itself.
  const selfSigned = await startMailServer({ secure: true });
  const smtp = smtpTo({ host: "127.0.0.1", port: selfSigned.port, tls: "implicit", login: undefined });
  const [id] = await writer.write(undefined);
  const courier = start(smtp.deliver as Deliver);
  await until(() => courier.outcomes.length === 1, PATIENCE);
  await courier.stop();
  smtp.close();
  await selfSigned.close();
  expect((await stateOf(id))?.state).toBe("PENDING");
  expect(selfSigned.received).toEqual([]);
});

function smtpTo(to: Parameters<typeof createSmtpDelivery>[1]["server"]) {
  const compose = createMailComposer(chooseWords([]).words, { service: "Acme" });
  return createSmtpDelivery(compose, { server: to, hostName: "auth.acme.test", from: { name: undefined, address: "accounts@acme.test" } });
}
