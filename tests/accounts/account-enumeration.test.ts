import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  RegisterDocument,
  RequestEmailVerificationDocument,
  RequestPasswordResetDocument,
  VerifyEmailDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { lastFacts, messagesTo, type OutboxMail, tokenOf } from "../support/mail/outbox.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { isOfACall, type StatementTap, tapStatements } from "../support/wires/statement-tap.ts";

/*
 * Where verification is required nobody learns who has an account. What is asked here is asked about every kind of address: answers,
 * statements, audit events and messages are the same in number and shape, and only the message's words differ, which its reader alone sees.
 */

let database: TestDatabase;
let tap: StatementTap;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  gateway = await startTestGateway({ database: { ...database, url: tap.url }, env: { EMAIL_VERIFICATION: "required" } });
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
});

const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });
const requestVerification = (email: string) => gateway.send(RequestEmailVerificationDocument, { email });
const requestReset = (email: string) => gateway.send(RequestPasswordResetDocument, { email });

async function unverified(): Promise<string> {
  const email = newEmail();
  await register(email);
  return email;
}

async function verified(): Promise<string> {
  const email = await unverified();
  dataOf(await gateway.send(VerifyEmailDocument, { input: { token: tokenOf(await lastFacts(gateway, email, "verify_email")) } }));
  return email;
}

async function disabled(): Promise<string> {
  const email = await verified();
  await database.sql`update users set status = 'DISABLED' where email_key = ${email}`;
  return email;
}

/** Every kind of address there is. */
const kinds = { unknown: async () => newEmail(), unverified, verified, disabled };
type Kind = keyof typeof kinds;

interface Observed {
  readonly status: number;
  readonly text: string;
  readonly headers: Record<string, string>;
  readonly statements: readonly string[];
  readonly rows: unknown;
}

const countRows = async () =>
  (
    await database.sql`select (select count(*)::int from audit_events) as events, (select count(*)::int from outbox) as messages,
      (select count(*)::int from sessions) as sessions`
  )[0] as Record<string, number>;

/** All that somebody outside can see of a call, and all that happens inside. */
async function observe(email: string, call: (email: string) => Promise<Reply<unknown>>): Promise<Observed> {
  const before = await countRows();
  const replies: Reply<unknown>[] = [];
  const statements = await tap.during(async () => replies.push(await call(email)));
  const after = await countRows();
  const [reply] = replies;
  const { "x-request-id": _id, date: _date, ...headers } = Object.fromEntries(reply?.headers ?? []);
  const rows = Object.fromEntries(Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]));
  return {
    status: reply?.status ?? 0,
    text: (reply?.text ?? "").replace(/at1_[\w-]{32}/, "at1_…"),
    headers,
    statements: statements.filter(isOfACall),
    rows,
  };
}

/** What shows of a message before it is opened. */
function shapeOf(message: OutboxMail | undefined): string {
  const milliseconds = (message?.expiresAt.getTime() ?? 0) - (message?.createdAt.getTime() ?? 0);
  return `${message?.channel}, for ${Math.round(milliseconds / 3_600_000)} h`;
}

interface Call {
  readonly call: (email: string) => Promise<Reply<unknown>>;
  readonly words: Readonly<Record<Kind, string>>;
  /** How long its messages are worth sending. */
  readonly hours: number;
}

const calls: Readonly<Record<string, Call>> = {
  register: {
    hours: 24,
    call: register,
    words: { unknown: "verify_email", unverified: "verify_email", verified: "already_registered", disabled: "already_registered" },
  },
  requestEmailVerification: {
    hours: 24,
    call: requestVerification,
    words: { unknown: "no_account", unverified: "verify_email", verified: "already_verified", disabled: "already_verified" },
  },
  requestPasswordReset: {
    hours: 1,
    call: requestReset,
    words: { unknown: "no_account", unverified: "reset_password", verified: "reset_password", disabled: "reset_password" },
  },
};

describe.each(Object.entries(calls))("%s", (_name, { call, words, hours }) => {
  test("answers, does and sends the same for every kind of address, the first time and the second", async () => {
    const observed: Observed[] = [];
    const shapes = new Set<string>();
    for (const kind of Object.keys(kinds) as Kind[]) {
      const email = await kinds[kind]();
      for (let round = 0; round < 2; round += 1) {
        const sent = (await messagesTo(gateway, email)).length;
        observed.push(await observe(email, call));
        const messages = await messagesTo(gateway, email);
        expect(messages).toHaveLength(sent + 1);
        // A registration makes a new address a known one, so the second time is another kind.
        if (round === 0) expect(messages.at(-1)?.content.template).toBe(words[kind]);
        shapes.add(shapeOf(messages.at(-1)));
      }
    }
    const [first] = observed;
    expect(first?.rows).toEqual({ events: 1, messages: 1, sessions: 0 });
    expect(first?.statements.length).toBeGreaterThan(6);
    for (const each of observed) expect(each).toEqual(first);
    expect([...shapes]).toEqual([`email, for ${hours} h`]);
  });
});

test("registering always hashes the password, and refuses a bad one for every kind of address alike", async () => {
  const texts = new Set<string>();
  for (const kind of Object.values(kinds)) {
    const email = await kind();
    const reply = await gateway.send(RegisterDocument, { input: { email, password: "short" } });
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    texts.add(reply.text);
  }
  expect(texts.size).toBe(1);
});

test("a wrong code says and does the same for every kind of address, asked for or not", async () => {
  const observed: Observed[] = [];
  for (const kind of Object.values(kinds)) {
    for (const isAsked of [false, true]) {
      const email = await kind();
      if (isAsked) await requestVerification(email);
      observed.push(await observe(email, () => gateway.send(VerifyEmailDocument, { input: { email, code: "wrong!", attempt: "at1_x" } })));
    }
  }
  const [first] = observed;
  expect(first?.rows).toEqual({ events: 1, messages: 0, sessions: 0 });
  for (const each of observed) expect(each).toEqual(first);
});

test("a message to an address without account proves nothing, even once it is somebody's", async () => {
  const email = newEmail();
  await requestVerification(email);
  await register(email);
  expect((await messagesTo(gateway, email)).map(({ content }) => content.template)).toEqual(["no_account", "verify_email"]);
  const [row] =
    await database.sql`select count(*)::int as of_nobody, count(email)::int as with_address from one_time_tokens where not has_account
    and created_at > now() - interval '1 minute'`;
  expect(row?.of_nobody).toBeGreaterThan(0);
  // Nor does the table tell whose address it was.
  expect(row?.with_address).toBe(0);
});
