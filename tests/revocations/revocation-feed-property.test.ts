import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRevocationFeed, type RevocationFeed } from "../../src/auth/revocations/revocation-feed.ts";
import { createRevocationReader, type OpenListeningConnection } from "../../src/auth/revocations/revocation-reader.ts";
import { createRevocations, type Revocations } from "../../src/auth/revocations/revocations.ts";
import { systemClock } from "../../src/core/clock.ts";
import { openListeningConnection } from "../../src/database/listening-connection.ts";
import { type OpenDatabase, openDatabase } from "../../src/database/open-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { rounds } from "../support/rounds.ts";
import { createSubjects, type Subject } from "../support/sessions/revocation-subjects.ts";

const MAX_LAG_SECONDS = 0.3;
const SUBJECTS = 12;
const SLOTS = 4;

let database: TestDatabase;
let writer: OpenDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
  writer = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 2 * SLOTS });
});

afterAll(async () => {
  await writer.close();
  await database.drop();
});

const hearing: OpenListeningConnection = (channel, hear) => openListeningConnection(database.url, channel, hear);
/** As behind a transaction pooler: whatever is announced is lost. */
const deaf: OpenListeningConnection = (channel) => openListeningConnection(database.url, channel, () => undefined);

interface Process {
  readonly revocations: Revocations;
  readonly feed: RevocationFeed;
  stop(): Promise<void>;
}

async function startProcess(open: OpenListeningConnection): Promise<Process> {
  const own = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 2 });
  const { revocations, feed } = createRevocations({
    database: own.database,
    clock: systemClock,
    createFeed: (apply) =>
      createRevocationFeed(
        { open, schema: SCHEMA, apply, clock: systemClock, stopwatch: () => performance.now(), onChange: () => undefined },
        { maxLagSeconds: MAX_LAG_SECONDS },
      ),
  });
  await feed.start();
  return { revocations, feed, stop: () => feed.stop().then(own.close) };
}

/** Transactions that are open at the same time, each of which revokes one subject. */
type Command =
  | { readonly kind: "revoke"; readonly slot: number; readonly subject: number }
  | { readonly kind: "commit" | "rollback"; readonly slot: number }
  | { readonly kind: "disconnect" }
  | { readonly kind: "wait"; readonly milliseconds: number }
  | { readonly kind: "compare" };

const slot = fc.nat({ max: SLOTS - 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("revoke" as const), slot, subject: fc.nat({ max: SUBJECTS - 1 }) }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("commit" as const), slot }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("rollback" as const), slot }) },
  { weight: 2, arbitrary: fc.constant({ kind: "disconnect" as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("wait" as const), milliseconds: fc.nat({ max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: "compare" as const }) },
);

interface OpenTransaction {
  readonly subject: Subject;
  finish(how: "commit" | "rollback"): Promise<void>;
}

class RolledBack extends Error {}

/** Revokes within a transaction that stays open until it is told how to end. */
async function openTransaction(subject: Subject): Promise<OpenTransaction> {
  let finish: (how: "commit" | "rollback") => void = () => undefined;
  const decision = new Promise<"commit" | "rollback">((resolve) => {
    finish = resolve;
  });
  let revoked: () => void = () => undefined;
  const hasRevoked = new Promise<void>((resolve) => {
    revoked = resolve;
  });
  const transaction = writer.database
    .transaction(async (tx) => {
      await subject.revoke(tx);
      revoked();
      if ((await decision) === "rollback") throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
  await Promise.race([hasRevoked, transaction]);
  return {
    subject,
    finish(how) {
      finish(how);
      return transaction;
    },
  };
}

async function disconnectFeeds(): Promise<void> {
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'graphql-auth-gateway revocations' and datname = current_database()`;
}

/** What was committed a lag ago is refused by everybody, and nobody refuses what was never committed. */
async function compare(processes: readonly Process[], subjects: readonly Subject[], committed: ReadonlySet<Subject>): Promise<void> {
  await sleep(MAX_LAG_SECONDS * 1000);
  for (const [index, { revocations }] of processes.entries()) {
    for (const subject of subjects) {
      const verdict = await revocations.isRevoked(subject.token);
      expect(`process ${index}, ${subject.kind}: ${verdict}`).toBe(`process ${index}, ${subject.kind}: ${committed.has(subject)}`);
    }
  }
}

test("whatever the order of commits, rollbacks and lost connections, every process's verdict is the truth", async () => {
  const processes = [await startProcess(hearing), await startProcess(deaf)];
  const run = async (commands: readonly Command[]) => {
    const subjects = await createSubjects(writer.database, SUBJECTS);
    const open = new Map<number, OpenTransaction>();
    const committed = new Set<Subject>();
    const begun = new Set<Subject>();

    async function finish(index: number, how: "commit" | "rollback"): Promise<void> {
      const transaction = open.get(index);
      open.delete(index);
      await transaction?.finish(how);
      if (transaction !== undefined && how === "commit") committed.add(transaction.subject);
    }

    async function execute(next: Command): Promise<void> {
      if (next.kind === "compare") return compare(processes, subjects, committed);
      if (next.kind === "wait") return sleep(next.milliseconds);
      if (next.kind === "disconnect") return disconnectFeeds();
      if (next.kind !== "revoke") return finish(next.slot, next.kind);
      const subject = subjects[next.subject];
      if (subject === undefined || begun.has(subject) || open.has(next.slot)) return;
      begun.add(subject);
      open.set(next.slot, await openTransaction(subject));
    }

    try {
      for (const next of commands) await execute(next);
      await compare(processes, subjects, committed);
    } finally {
      for (const index of open.keys()) await finish(index, "rollback");
    }
    const late = await startProcess(deaf);
    await compare([late], subjects, committed).finally(late.stop);
  };
  await fc.assert(fc.asyncProperty(fc.array(command, { minLength: 10, maxLength: 40 }), run), { numRuns: rounds(6), endOnFailure: true });
  for (const process of processes) await process.stop();
}, 120_000);

test("a reading alone, without any announcement, knows everything that was committed before it began", async () => {
  const run = async (order: readonly number[]) => {
    const subjects = await createSubjects(writer.database, SLOTS);
    const known = new Set<string>();
    const reader = createRevocationReader({
      open: deaf,
      schema: SCHEMA,
      clock: systemClock,
      apply: ({ subjectId }) => known.add(subjectId),
      onAnnouncement: () => undefined,
    });
    await reader.read();
    // All are open at once, so that transactions with a higher id commit before those with a lower one.
    const transactions: OpenTransaction[] = [];
    for (const subject of subjects) transactions.push(await openTransaction(subject));
    for (const index of order) {
      await transactions[index]?.finish("commit");
      await reader.read();
      const committed = order.slice(0, order.indexOf(index) + 1).map((each) => subjects[each]?.id);
      expect(subjects.map(({ id }) => id).filter((id) => known.has(id))).toEqual(
        subjects.map(({ id }) => id).filter((id) => committed.includes(id)),
      );
    }
    await reader.close();
  };
  const orders = fc.shuffledSubarray([...Array(SLOTS).keys()], { minLength: SLOTS });
  await fc.assert(fc.asyncProperty(orders, run), { numRuns: rounds(8) });
}, 60_000);
