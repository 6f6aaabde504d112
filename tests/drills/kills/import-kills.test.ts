import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { BadLine } from "../../../src/auth/transfer/bad-line.ts";
import { createImportUsers, type UserFile } from "../../../src/auth/transfer/import-users.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { createSecureRandom } from "../../../src/core/random.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { untilLockWait } from "../../support/databases/lock-waits.ts";
import { createTestTransact } from "../../support/databases/transact.ts";
import { emptyFolder } from "../../support/folders.ts";
import { TEST_SECRET } from "../../support/gateway.ts";
import { commandFile } from "../../support/processes/command-line.ts";
import { SCHEMA } from "../../support/raw-client.ts";
import { rounds } from "../../support/rounds.ts";
import { until } from "../../support/until.ts";
import { BCRYPT_HASH, openUserFiles, type UserFiles } from "../../support/users/user-files.ts";

const LINES = 12_000;
const KILLS = rounds(2);

let database: TestDatabase;
let files: UserFiles;
beforeEach(async () => {
  database = await createTestDatabase();
  files = await openUserFiles(database);
});
afterEach(async () => {
  await files.remove();
  await database.drop();
});

/** Lines 100, 200 … are bad by themselves, lines 50, 150 … have the address of a line far before. */
const isBroken = (line: number) => line % 100 === 0;
const isRepeated = (line: number) => line % 100 === 50 && line > 5000;
const emailOf = (line: number) => `user-${isRepeated(line) ? line - 4999 : line}@example.com`;
const numbers = Array.from({ length: LINES }, (_, index) => index + 1);
const lines = numbers.map((line) =>
  isBroken(line) ? "{" : { email: emailOf(line), passwordHash: BCRYPT_HASH, createdAt: "2020-01-01T00:00:00Z" },
);
const good = numbers.filter((line) => !isBroken(line) && !isRepeated(line));
const bad = numbers.filter((line) => isBroken(line) || isRepeated(line));

function startImport(path: string): ChildProcess {
  const env = { PATH: process.env.PATH, DATABASE_URL: database.url, SECRET: TEST_SECRET, GATEWAY_CONFIG: files.pathOf("gateway.yaml") };
  return spawn(process.execPath, [commandFile, "import-users", path], { cwd: emptyFolder(), env, stdio: "ignore" });
}

async function lastLine(): Promise<number> {
  const [row] = await database.sql`select last_line from user_imports`;
  return row?.last_line ?? 0;
}

async function expectEveryUserOnce(): Promise<void> {
  const emails = await database.sql`select email from users order by email collate "C"`;
  expect(emails.map(({ email }) => email)).toEqual(good.map(emailOf).toSorted());
  const entries =
    await database.sql`select user_id, (detail ->> 'line')::int as line from audit_events where type = 'REGISTERED' order by line`;
  expect(entries.map(({ line }) => line)).toEqual(good);
  const strangers = await database.sql`select from audit_events where user_id not in (select id from users)`;
  expect(strangers).toHaveLength(0);
}

test("kill -9 at any moment leaves a state that the same command completes: nobody twice or missing, every bad line told", async () => {
  const path = await files.write(lines);
  const places: number[] = [];
  for (let kill = 1; kill <= KILLS; kill++) {
    const place = (await lastLine()) + randomInt(1, LINES / KILLS - 1000);
    const importing = startImport(path);
    await until(async () => (await lastLine()) >= place || importing.exitCode !== null, 30_000);
    importing.kill("SIGKILL");
    if (importing.signalCode === null && importing.exitCode === null) await once(importing, "exit");
    places.push(await lastLine());
  }
  expect(places.at(-1)).toBeLessThan(LINES);
  const { code, stderr, report } = await files.importFile(path);
  expect([code, report.map(({ line }) => line)], `killed after lines ${places}`).toEqual([1, bad]);
  expect(stderr).toContain("Went on after line ");
  expect(report.find(({ line }) => isRepeated(line))?.reason).toMatch(/^Is the address of line \d+ already\.$/);
  expect(report.filter(({ reason }) => reason.startsWith("Has no account"))).toEqual([]);
  await expectEveryUserOnce();
  expect(await files.run(["import-users", path])).toMatchObject({ code: 0, stdout: expect.stringContaining(`${good.length} users of it`) });
  await expectEveryUserOnce();
});

test("of two commands with one file at once, the second says so and the first completes", async () => {
  const path = await files.write(lines);
  const { first } = await database.sql.begin(async (sql) => {
    // Nobody is imported until this is given back; by then the first command stands still, with its lock, for as long as the second takes.
    await sql`lock table user_imports in share row exclusive mode`;
    const started = startImport(path);
    await untilLockWait(database.sql);
    started.kill("SIGSTOP");
    return { first: started };
  });
  const second = await files.run(["import-users", path]);
  first.kill("SIGCONT");
  expect(second).toEqual({ code: 1, stdout: "", stderr: "This file is being imported already, by another command.\n" });
  if (first.exitCode === null) await once(first, "exit");
  expect(first.exitCode).toBe(1);
  await expectEveryUserOnce();
});

/** In this process. */
function openImports() {
  const open = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 4 });
  const random = createSecureRandom();
  const transact = createTestTransact({ database: open.database, clock: systemClock, random });
  const parts = { database: open.database, transact, clock: systemClock, random };
  return { importUsers: createImportUsers(parts, { roles: new Set(["user"]), admins: "refused" }), close: open.close };
}

const text = lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join("");
const fileOf = (chunks: AsyncIterable<Buffer>): UserFile => ({ hash: "a".repeat(64), chunks });
const unwatched = { badLine: () => undefined, progress: () => undefined };

test("of two imports that hold no lock against each other, one completes and the other stops", async () => {
  const { importUsers, close } = openImports();
  const start = () => importUsers(fileOf(inPieces(Buffer.from(text))), unwatched);
  const outcomes = await Promise.allSettled([start(), start()]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  const stopped = outcomes.find((outcome) => outcome.status === "rejected");
  expect(stopped?.reason).toMatchObject({ name: "OvertakenImportError" });
  await expectEveryUserOnce();
  await close();
});

test("who has gone since an import was cut off does not come back with the rest of it, and is told of", async () => {
  const { importUsers, close } = openImports();
  const cutOff = async function* () {
    yield* inPieces(Buffer.from(text).subarray(0, 500_000));
    throw new Error("Cut off.");
  };
  await expect(importUsers(fileOf(cutOff()), unwatched)).rejects.toThrow("Cut off.");
  expect(await lastLine()).toBeGreaterThan(2000);
  await database.sql`delete from users where email = ${emailOf(7)}`;
  const told: BadLine[] = [];
  const imported = await importUsers(fileOf(inPieces(Buffer.from(text))), { ...unwatched, badLine: (line) => told.push(line) });
  expect(imported).toMatchObject({ kind: "done", tally: { lines: LINES, bad: bad.length + 1 } });
  const reason = "Has no account: an earlier run found it bad, or the account has changed since.";
  expect(told[0]).toEqual({ line: 7, problems: [{ field: null, reason }] });
  expect(await database.sql`select from users where email = ${emailOf(7)}`).toHaveLength(0);
  expect(await database.sql`select from users`).toHaveLength(good.length - 1);
  await close();
});

async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += 50_000) yield bytes.subarray(start, start + 50_000);
}
