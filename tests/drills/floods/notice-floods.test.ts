import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { NOTICES_PER_HOUR } from "../../../src/outbox/notice-store.ts";
import { DeleteAccountDocument, LoginDocument, RequestPasswordResetDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { type MailServer, startMailServer } from "../../support/mail/mail-server.ts";
import { PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";

const PATIENCE = 60_000;
const SIGN_INS = 182;

let database: TestDatabase;
let server: MailServer;
let gateway: TestGateway;
/** A second process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  server = await startMailServer();
  const env = { SMTP_URL: server.url, MAIL_FROM: "accounts@acme.test" };
  gateway = await startTestGateway({ database, env });
  other = await startTestGateway({ database, env, clock: gateway.clock });
});
beforeEach(() => {
  server.behaviour = {};
});
afterAll(async () => {
  await Promise.all([gateway.close(), other.close()]);
  await server.close();
  await database.drop();
});

const prove = (email: string) => database.sql`update users set email_verified = true where email = ${email}`;
const to = (email: string) => server.received.filter(({ to: recipients }) => recipients.includes(email));
const arrived = (email: string, mails: number) => until(() => to(email).length >= mails, PATIENCE);
const pending = async () => (await database.sql`select count(*)::int as n from outbox where state = 'PENDING'`)[0]?.n as number;
const topicsOf = async (userId: string) =>
  (await database.sql`select topic from outbox where user_id = ${userId} order by id`).map(({ topic }) => topic as string);

/** In waves, so that hashing admits them; each wave at once through two processes. */
async function signInFromEverywhere(email: string): Promise<void> {
  for (let done = 0; done < SIGN_INS; done += 14) {
    const wave = Array.from({ length: Math.min(14, SIGN_INS - done) }, (_none, index) => done + index);
    const replies = wave.map((number) => {
      const headers = { "user-agent": `agent ${"abcdefghijklmn"[number % 14]}${"z".repeat(number + 1)}` };
      return (number % 2 === 0 ? gateway : other).send(LoginDocument, { input: { email, password: PASSWORD } }, { headers });
    });
    for (const reply of await Promise.all(replies)) dataOf(reply);
  }
}

describe("182 sign-ins with other user agents", () => {
  test("at an unproven address: no message; somebody else's reset arrives as on an idle server", async () => {
    const { user } = await gateway.register();
    const { user: somebody } = await gateway.register();
    await arrived(user.email, 1);
    await signInFromEverywhere(user.email);
    expect(await topicsOf(user.id)).toEqual(["verify_email"]);
    // So nothing of theirs stands before it.
    dataOf(await gateway.send(RequestPasswordResetDocument, { email: somebody.email }));
    await until(() => to(somebody.email).some(({ parsed }) => parsed.subject?.startsWith("Choose a new password") === true), PATIENCE);
    expect(to(user.email)).toHaveLength(1);
  });

  test("at a proven address: as many notices as an hour has room for, and again an hour later", async () => {
    const { user } = await gateway.register();
    await prove(user.email);
    await signInFromEverywhere(user.email);
    const notices = async () => (await topicsOf(user.id)).filter((topic) => topic === "new_device");
    expect(await notices()).toHaveLength(NOTICES_PER_HOUR);
    await arrived(user.email, 1 + NOTICES_PER_HOUR);
    gateway.clock.advance(3600);
    await signInFromElsewhere(user.email, "later");
    expect(await notices()).toHaveLength(NOTICES_PER_HOUR + 1);
  });
});

async function signInFromElsewhere(email: string, agent: string): Promise<string> {
  const reply = await gateway.send(LoginDocument, { input: { email, password: PASSWORD } }, { headers: { "user-agent": agent } });
  return dataOf(reply).login.accessToken;
}

test("any hour has no more notices than its limit, wherever it begins", async () => {
  const { user } = await gateway.register();
  await prove(user.email);
  const told: number[] = [];
  for (let minutes = 0; minutes < 180; minutes += 6) {
    const before = (await topicsOf(user.id)).length;
    await signInFromElsewhere(user.email, `agent ${"x".repeat(minutes + 1)}`);
    if ((await topicsOf(user.id)).length > before) told.push(minutes);
    gateway.clock.advance(360);
  }
  for (const start of told) expect(told.filter((at) => at >= start && at < start + 60).length).toBeLessThanOrEqual(NOTICES_PER_HOUR);
  expect(told.length).toBeGreaterThan(2 * NOTICES_PER_HOUR);
});

test("what is told of one kind keeps nothing of another kind back", async () => {
  const { user } = await gateway.register();
  await prove(user.email);
  for (let times = 0; times < NOTICES_PER_HOUR + 2; times += 1) await signInFromElsewhere(user.email, `agent ${"x".repeat(times + 1)}`);
  const token = await signInFromElsewhere(user.email, "the last one");
  dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
  expect(await topicsOf(user.id)).toEqual([...repeat("verify_email", 1), ...repeat("new_device", NOTICES_PER_HOUR), "account_deletion"]);
});

test("going and coming back again and again floods no mailbox, and says nothing to an unproven address", async () => {
  const [proven, unproven] = [(await gateway.register()).user, (await gateway.register()).user];
  await prove(proven.email);
  for (const { email } of [proven, unproven]) {
    for (let times = 0; times < NOTICES_PER_HOUR + 2; times += 1) {
      const token = await signInFromElsewhere(email, "node");
      dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
    }
  }
  const count = (topics: string[], wanted: string) => topics.filter((topic) => topic === wanted).length;
  expect(count(await topicsOf(proven.id), "account_deletion")).toBe(NOTICES_PER_HOUR);
  expect(count(await topicsOf(proven.id), "account_restored")).toBe(NOTICES_PER_HOUR);
  expect(await topicsOf(unproven.id)).toEqual(["verify_email"]);
});

test("what somebody waits for passes what only informs, also where the mail server answers none of that", async () => {
  const { user } = await gateway.register();
  await arrived(user.email, 1);
  let release: () => void = () => undefined;
  const held = new Promise<undefined>((resolve) => {
    release = () => resolve(undefined);
  });
  // The server leaves every notice without an answer; a hundred of them are due when the reset is asked for.
  server.behaviour = { message: ({ parsed }) => (parsed.subject?.startsWith("A new sign-in") === true ? held : undefined) };
  const informed = Array.from({ length: 25 }, () => gateway.register());
  for (const { user: each } of await Promise.all(informed)) {
    await prove(each.email);
    for (let times = 0; times < 4; times += 1) await signInFromElsewhere(each.email, `agent ${"x".repeat(times + 1)}`);
  }
  expect(await pending()).toBeGreaterThanOrEqual(100);
  dataOf(await gateway.send(RequestPasswordResetDocument, { email: user.email }));
  await until(() => to(user.email).some(({ parsed }) => parsed.subject?.startsWith("Choose a new password") === true), PATIENCE);
  expect(await pending()).toBeGreaterThanOrEqual(100);
  release();
  server.behaviour = {};
  await until(async () => (await pending()) === 0, PATIENCE);
});

const repeat = (topic: string, times: number) => Array.from({ length: times }, () => topic);
