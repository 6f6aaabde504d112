import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openListeningConnection } from "../../../src/database/listening-connection.ts";
import { type OpenDatabase, openDatabase } from "../../../src/database/open-database.ts";
import { isDatabaseUnavailable } from "../../../src/database/unavailable.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway } from "../../support/gateway.ts";
import { SCHEMA } from "../../support/raw-client.ts";
import { type InjectingRelay, startInjectingRelay } from "../../support/wires/injecting-relay.ts";

const CONNECTIONS = 8;

let server: TestDatabase;
let relay: InjectingRelay;
let opened: OpenDatabase;
let single: OpenDatabase;
const unheard: unknown[] = [];
const hear = (error: unknown) => void unheard.push(error);
beforeAll(async () => {
  process.on("unhandledRejection", hear).on("uncaughtException", hear);
  server = await createTestDatabase();
  relay = await startInjectingRelay(server.url);
  opened = openDatabase({ url: relay.url, schema: SCHEMA, poolSize: CONNECTIONS });
  single = openDatabase({ url: relay.url, schema: SCHEMA, poolSize: 1 });
});
afterAll(async () => {
  await opened.close();
  await single.close();
  await relay.close();
  await server.drop();
  process.off("unhandledRejection", hear).off("uncaughtException", hear);
});

function message(letter: number | string, body: Uint8Array | readonly number[]): Buffer {
  const head = Buffer.alloc(5);
  head[0] = typeof letter === "string" ? letter.charCodeAt(0) : letter;
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

const noise = (seed: number) => Array.from({ length: 11 }, (_none, index) => (seed * 31 + index * 97 + 7) % 256);

/** What has ended a process, made it spin, or given callers what was meant for others. */
const attacks: readonly (readonly [string, Buffer])[] = [
  ["copying in", message("G", [0, 0, 0])],
  ["copying out", message("H", [0, 0, 0])],
  ["copying both ways", message("W", [0, 0, 0])],
  ["copied bytes", message("d", [1, 2, 3])],
  ["the end of copying", message("c", [])],
  ["an announcement without its zeros", message("A", [0, 0])],
  ["an announcement whose payload has no end", message("A", [0, 0, 0, 1, 0x61, 0, 0x62])],
  ["an empty error", message("E", [])],
  ["an error without an end", message("E", [...Buffer.from("SERROR\0CXX000\0Mwrong")])],
  ["an error without a code", message("E", [...Buffer.from("Mwrong\0\0")])],
  ["a notice without an end", message("N", [0x4d, 0x61])],
  ["a row of too many columns", message("D", [255, 255])],
  ["a row of none", message("D", [0, 0])],
  ["columns without names", message("T", [0, 1, 0x61])],
  ["too many parameters", message("t", [255, 255])],
  ["the end of a statement", message("Z", [0x49])],
  ["two ends of a statement", Buffer.concat([message("Z", [0x49]), message("Z", [0x49])])],
  ["a statement's completion", message("C", [...Buffer.from("SELECT 1\0")])],
  ["nothing to do", message("I", [])],
  ["a portal that stops", message("s", [])],
  ["a portal that is closed", message("3", [])],
  ["no columns", message("n", [])],
  ["a request for a password", message("R", [0, 0, 0, 3])],
  ["a length that is too short", Buffer.from([0x53, 0, 0, 0, 1, 0, 0])],
  ["a length without an end", Buffer.from([0x44, 0xff, 0xff, 0xff, 0xff, 0, 1])],
];

/** The right answer, or that there is none now. */
async function expectRightOrUnavailable(statement: Promise<unknown>, right: unknown): Promise<void> {
  const answer = await statement.then(
    (rows) => rows,
    (error: unknown) => {
      if (!isDatabaseUnavailable(error)) throw error;
      return undefined;
    },
  );
  if (answer !== undefined) expect(answer).toEqual(right);
}

/** On every connection at once, so that all of them are open. */
async function ask(): Promise<void> {
  const { $sql } = opened.database;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, (_none, one) => expectRightOrUnavailable($sql`select ${one}::int as one`, [{ one }])),
  );
}

/** Three statements under way on one connection: two that it knows, and one that it describes first. */
async function askTogether(): Promise<void> {
  const { $sql } = single.database;
  await Promise.all([
    expectRightOrUnavailable($sql`select ${1}::int as one`, [{ one: 1 }]),
    expectRightOrUnavailable($sql`select ${2}::int as one`, [{ one: 2 }]),
    expectRightOrUnavailable($sql.unsafe("select $1::int as three", [3]), [{ three: 3 }]),
    expectRightOrUnavailable($sql.unsafe("select 4 as four"), [{ four: 4 }]),
  ]);
}

/** A connection that nothing was asked on since may be the one that is lost. */
async function expectToGoOn({ database }: OpenDatabase): Promise<void> {
  const again = async () => (await database.$sql`select ${5}::int as five`)[0];
  let answer: unknown;
  for (let tries = 0; tries <= CONNECTIONS && answer === undefined; tries += 1) {
    answer = await again().catch((error: unknown) => {
      if (!isDatabaseUnavailable(error)) throw error;
    });
  }
  expect(answer).toEqual({ five: 5 });
  expect(unheard).toEqual([]);
}

test("no message of any letter that comes unasked ends the process, or gives a caller anything but what it asked for", async () => {
  const messages = Array.from({ length: 256 }, (_none, letter) => [
    message(letter, []),
    message(letter, [0, 0]),
    message(letter, noise(letter)),
  ]).flat();
  await ask();
  for (let first = 0; first < messages.length; first += CONNECTIONS) {
    relay.inject(messages.slice(first, first + CONNECTIONS));
    await ask();
  }
  await expectToGoOn(opened);
});

test.each(attacks)("%s that nobody asked for ends a connection at most, and the next one is right", async (_what, bytes) => {
  await ask();
  relay.inject([bytes]);
  await ask();
  await expectToGoOn(opened);
});

/** A fourth of the places for each attack, another fourth for the next one. */
const placesOf = (bytes: Buffer, count: number) => {
  const index = attacks.findIndex(([, attack]) => attack === bytes);
  return Array.from({ length: count }, (_none, place) => place).filter((place) => (index + place) % 4 === 0);
};

test.each(attacks)("%s among the answers to statements makes none of them wrong", async (_what, bytes) => {
  for (const place of placesOf(bytes, 16)) {
    await single.database.$sql`select ${1}::int as one`;
    relay.injectAfter(place, bytes);
    await askTogether();
  }
  await expectToGoOn(single);
});

test("whatever bytes come among the answers to statements, each is right or there is none", async () => {
  const letters = [..."123ACDEINSTZnst"].map((letter) => letter.charCodeAt(0));
  const injected = fc.record({
    place: fc.nat(15),
    bytes: fc
      .tuple(fc.oneof(fc.constantFrom(...letters), fc.nat(255)), fc.uint8Array({ maxLength: 40 }))
      .map(([letter, body]) => message(letter, body)),
  });
  await fc.assert(
    fc.asyncProperty(injected, async ({ place, bytes }) => {
      await single.database.$sql`select ${1}::int as one`;
      relay.injectAfter(place, bytes);
      await askTogether();
      await expectToGoOn(single);
    }),
    { numRuns: 25 },
  );
});

test.each(attacks)("%s in a transaction fails that one at most", async (_what, bytes) => {
  for (const place of placesOf(bytes, 8)) {
    const { database } = single;
    relay.injectAfter(place, bytes);
    await expectRightOrUnavailable(
      database.transaction(async (tx) => (await tx.execute("select 1 as one"))[0]),
      { one: 1 },
    );
    relay.injectAfter(Number.POSITIVE_INFINITY, bytes);
    expect(await database.transaction(async (tx) => (await tx.execute("select 2 as two"))[0])).toEqual({ two: 2 });
  }
  expect(unheard).toEqual([]);
});

test.each(attacks)("%s to a connection that listens is no announcement, and ends it at most", async (_what, bytes) => {
  for (const place of placesOf(bytes, 8)) {
    const heard: true[] = [];
    const connection = openListeningConnection(relay.url, "heard", () => void heard.push(true));
    await connection.listen();
    relay.injectAfter(place, bytes);
    const read = async () => {
      const rows: unknown[] = [];
      for await (const some of connection.sql`select generate_series(1, 5) as one`.cursor(2)) rows.push(...some);
      return rows;
    };
    await expectRightOrUnavailable(
      read(),
      [1, 2, 3, 4, 5].map((one) => ({ one })),
    );
    await connection.close();
    expect(heard).toEqual([]);
  }
  expect(unheard).toEqual([]);
});

test("a gateway in whose connections somebody writes answers cleanly, and goes on", async () => {
  const gateway = await startTestGateway({ database: { ...server, url: relay.url }, env: { DATABASE_POOL_SIZE: "4" } });
  const { user } = await gateway.register();
  for (const [index, [, bytes]] of attacks.entries()) {
    if (index % 2 === 0) relay.inject([bytes]);
    else relay.injectAfter(index % 7, bytes);
    const reply = await gateway.login(user.email).then(
      () => undefined,
      (error: unknown) => String(error),
    );
    expect(reply ?? "SERVICE_UNAVAILABLE").toContain("SERVICE_UNAVAILABLE");
  }
  relay.injectAfter(Number.POSITIVE_INFINITY, Buffer.alloc(0));
  await gateway.login(user.email);
  await gateway.close();
  expect(unheard).toEqual([]);
});
