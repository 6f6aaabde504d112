import { randomUUID } from "node:crypto";
import { sql as statement } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAudit } from "../../src/auth/audit/audit.ts";
import type { AuditEvent } from "../../src/auth/audit/audit-events.ts";
import { type Revocation, revocationOfSession } from "../../src/auth/revocations/revocation.ts";
import { createTransact, type UnitOfWork } from "../../src/auth/work/unit-of-work.ts";
import { noClient } from "../../src/core/client-info.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { type OpenDatabase, openDatabase } from "../../src/database/open-database.ts";
import { createOutbox, createPayloads } from "../../src/outbox/outbox.ts";
import { MeFromTokenDocument } from "../generated/operations.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

let gateway: TestGateway;
let own: OpenDatabase;
beforeAll(async () => {
  gateway = await startTestGateway();
  own = openDatabase({ url: gateway.database.url, schema: SCHEMA, poolSize: 2 });
});
afterAll(async () => {
  await own.close();
  await gateway.close();
});

const inAnHour = () => new Date(gateway.clock.now().getTime() + 3_600_000);

/** A unit of work beside the gateway's, in which nothing happens but what the test says. */
function openWork(parts: { apply: (revocation: Revocation) => void; log: (event: AuditEvent) => void }) {
  const [clock, random] = [gateway.clock.now, createSecureRandom()];
  const outbox = createOutbox({ payloads: createPayloads([TEST_SECRET]), clock, random });
  const audit = createAudit({ database: own.database, clock, random, log: (_level, event) => parts.log(event) });
  return createTransact({ database: own.database, audit, outbox, clock, apply: parts.apply });
}

/** Writes an audit event, a revocation and a message about a session. */
async function writeAll({ record, revoke, send }: UnitOfWork, sessionId: string): Promise<void> {
  await record({ type: "LOGOUT", sessionId });
  await revoke(revocationOfSession({ id: sessionId, accessExpiresAt: inAnHour() }));
  const content = { template: "no_account" as const, facts: {} };
  await send({ channel: "email", to: `${sessionId}@example.com`, content, userId: null, expiresAt: inAnHour() });
}

/** The transactions that have written about the session, and how many messages there are. */
async function findWritten(sessionId: string) {
  const { sql } = gateway.database;
  const [entries, revocations, messages] = await Promise.all([
    sql<{ by: string }[]>`select xmin::text as by from audit_events where session_id = ${sessionId}`,
    sql<{ by: string }[]>`select xmin::text as by from revocations where subject_id = ${sessionId}`,
    sql<{ by: string }[]>`select xmin::text as by from outbox where topic = 'no_account'`,
  ]);
  return { entries: entries.map(({ by }) => by), revocations: revocations.map(({ by }) => by), messages: messages.map(({ by }) => by) };
}

test("entry, revocation and message are one transaction's; what follows comes after its commit, the refusal before the log", async () => {
  const sessionId = randomUUID();
  const followed: string[] = [];
  const seen: Promise<{ revocations: string[] }>[] = [];
  const transact = openWork({
    apply({ subjectId }) {
      followed.push(`refused ${subjectId}`);
      seen.push(findWritten(sessionId));
    },
    log: ({ type }) => followed.push(`logged ${type}`),
  });
  const result = await transact(noClient, async (unit) => {
    await writeAll(unit, sessionId);
    expect(followed).toEqual([]);
    return "done";
  });
  expect(result).toBe("done");
  expect(followed).toEqual([`refused ${sessionId}`, "logged LOGOUT"]);
  const { entries, revocations, messages } = await findWritten(sessionId);
  expect([entries, revocations]).toEqual([[revocations[0]], [expect.any(String)]]);
  expect(messages).toContain(revocations[0]);
  // Another connection saw the row while it was applied: it was committed by then.
  expect((await Promise.all(seen)).map((each) => each.revocations)).toEqual([revocations]);
});

test.each([
  {
    name: "the work throws",
    message: "no",
    fail: (): Promise<unknown> => Promise.reject(new Error("no")),
  },
  {
    name: "the database rolls back what was to be committed",
    message: "A statement of the transaction had failed, so that it was rolled back.",
    fail: ({ tx }: UnitOfWork): Promise<unknown> => tx.execute(statement`select 1 / 0`).catch(() => undefined),
  },
])("nothing is written, refused or logged where $name", async ({ message, fail }) => {
  const sessionId = randomUUID();
  const followed: unknown[] = [];
  const before = await findWritten(sessionId);
  const transact = openWork({ apply: (revocation) => followed.push(revocation), log: (event) => followed.push(event) });
  const failing = transact(noClient, async (unit) => {
    await writeAll(unit, sessionId);
    await fail(unit);
  });
  await expect(failing).rejects.toThrow(message);
  expect(followed).toEqual([]);
  expect(await findWritten(sessionId)).toEqual(before);
});

test("what one call has recorded and revoked is not left to the next, whether or not it was committed", async () => {
  const [first, second] = [randomUUID(), randomUUID()];
  const followed: (string | null)[] = [];
  const transact = openWork({ apply: ({ subjectId }) => followed.push(subjectId), log: ({ sessionId }) => followed.push(sessionId) });
  const failing = transact(noClient, async (unit) => {
    await writeAll(unit, first);
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await transact(noClient, (unit) => writeAll(unit, second));
  await transact(noClient, () => Promise.resolve());
  expect(followed).toEqual([second, second]);
});

test("a log that throws undoes nothing: the caller learns of it, and the tokens are refused", async () => {
  const sessionId = randomUUID();
  const refused: string[] = [];
  const transact = openWork({
    apply: ({ subjectId }) => refused.push(subjectId),
    log() {
      throw new Error("no log");
    },
  });
  await expect(transact(noClient, (unit) => writeAll(unit, sessionId))).rejects.toThrow("no log");
  expect(refused).toEqual([sessionId]);
  const { entries, revocations } = await findWritten(sessionId);
  expect([entries, revocations]).toEqual([[revocations[0]], [expect.any(String)]]);
});

test("where a process dies between the commit and what follows it, the others refuse the tokens all the same", async () => {
  const { accessToken, user, session } = await gateway.register();
  const me = async () => (await gateway.send(MeFromTokenDocument, {}, { token: accessToken })).data?.me?.id;
  expect(await me()).toBe(user.id);
  const dying = openWork({
    apply() {
      throw new Error("killed");
    },
    log: () => undefined,
  });
  await expect(dying(noClient, (unit) => writeAll(unit, session.id))).rejects.toThrow("killed");
  await until(async () => (await me()) === undefined, 5000);
});
