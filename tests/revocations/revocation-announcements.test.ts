import { randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { createReadingPace } from "../../src/auth/revocations/reading-pace.ts";
import { LONGEST_REVOCATION_SECONDS } from "../../src/auth/revocations/revocation.ts";
import { createRevocationFeed } from "../../src/auth/revocations/revocation-feed.ts";
import { createRevocations } from "../../src/auth/revocations/revocations.ts";
import { openListeningConnection } from "../../src/database/listening-connection.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { LogoutDocument, MeFromTokenDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const CHANNEL = `${SCHEMA}_revocations`;
/** So seldom are regular readings then, every 12 seconds, that what is known at once is known by announcement. */
const env = { REVOCATION_MAX_LAG: "1m" };
const lowly = `lowly_${randomBytes(6).toString("hex")}`;

let database: TestDatabase;
let admin: postgres.Sql;
/** A role that may log in, and has no right on anything of ours. */
let outsider: postgres.Sql;
let a: TestGateway;
let b: TestGateway;

beforeAll(async () => {
  database = await createTestDatabase();
  admin = postgres(inject("serverUrl"), { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create role ${lowly} login password 'lowly'`);
  const url = new URL(database.url);
  url.username = lowly;
  url.password = "lowly";
  outsider = postgres(url.href, { max: 1 });
  a = await startTestGateway({ database, env });
  b = await startTestGateway({ database, env });
});

afterAll(async () => {
  await Promise.all([a.close(), b.close()]);
  await outsider.end();
  await database.drop();
  await admin.unsafe(`drop role ${lowly}`);
  await admin.end();
});

async function verdictAt(gateway: TestGateway, token: string): Promise<unknown> {
  const { data, errors } = await gateway.send(MeFromTokenDocument, {}, { token });
  return errors[0]?.extensions.reason ?? data?.me?.id;
}

/** Logs somebody out at A, and waits for B: it hears in the order of commits, so it has heard all that was announced before. */
async function logOutAndWait(): Promise<void> {
  const { accessToken, user } = await a.register();
  expect(await verdictAt(b, accessToken)).toBe(user.id);
  dataOf(await a.send(LogoutDocument, {}, { token: accessToken }));
  await until(async () => (await verdictAt(b, accessToken)) === "revoked", 1000);
}

const announce = (payload: string) => outsider`select pg_notify(${CHANNEL}, ${payload})`;

test("a role that may only log in announces what it likes: nobody is signed out, and nothing of it is remembered", async () => {
  const { accessToken, user, session } = await a.register();
  await expect(outsider.unsafe(`select from ${SCHEMA}.revocations`)).rejects.toThrow("permission denied");
  const before = b.auth.revocations.count();
  const far = 4_000_000_000;
  await announce(JSON.stringify(["everybody", "ffffffff-ffff-7fff-bfff-ffffffffffff", null, far]));
  await announce(JSON.stringify(["session", session.id, null, far]));
  await announce(JSON.stringify(["user", user.id, 99, far]));
  await announce("no JSON");
  await outsider`select pg_notify(${CHANNEL}, json_build_array('session', gen_random_uuid(), null, ${far}::bigint)::text)
    from generate_series(1, 1000)`;
  await logOutAndWait();
  expect(b.auth.revocations.count()).toBe(before + 1);
  for (const gateway of [a, b]) expect(await verdictAt(gateway, accessToken)).toBe(user.id);
  const later = await a.register();
  for (const gateway of [a, b]) expect(await verdictAt(gateway, later.accessToken)).toBe(later.user.id);
});

test("whoever listens is told that there is something to read, and not whose", async () => {
  const heard: string[] = [];
  const { unlisten } = await outsider.listen(CHANNEL, (payload) => void heard.push(payload));
  await logOutAndWait();
  await until(() => heard.length > 0, 1000);
  expect(heard).toEqual([""]);
  await unlisten();
});

test("what a row says to be revoked for years is remembered for as long as an access token can live", async () => {
  const clock = createTestClock();
  const own = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 1 });
  const session = randomUUID();
  const { revocations, feed } = createRevocations({
    database: own.database,
    clock: clock.now,
    createFeed: (apply) =>
      createRevocationFeed(
        {
          open: (channel, hear) => openListeningConnection(database.url, channel, hear),
          schema: SCHEMA,
          apply,
          clock: clock.now,
          stopwatch: () => performance.now(),
          onChange: () => undefined,
        },
        { maxLagSeconds: 60 },
      ),
  });
  await database.sql`
    insert into revocations (kind, subject_id, revoked_at, expires_at) values ('session', ${session}, now(), '2096-01-01T00:00:00Z')`;
  await feed.start();
  const isRevoked = () => revocations.isRevoked({ userId: randomUUID(), sessionId: session, version: 1 });
  clock.advance(LONGEST_REVOCATION_SECONDS - 60);
  revocations.forgetExpired();
  expect(isRevoked()).toBe(true);
  clock.advance(61);
  revocations.forgetExpired();
  expect([isRevoked(), revocations.count()]).toEqual([false, 0]);
  await feed.stop();
  await own.close();
  await database.sql`delete from revocations where subject_id = ${session}`;
});

/** A reading that ends when it is told to. */
function createReadings() {
  const underWay: ((hasSucceeded: boolean) => void)[] = [];
  let begun = 0;
  return {
    begun: () => begun,
    read: () =>
      new Promise<boolean>((resolve) => {
        begun += 1;
        expect(underWay.push(resolve)).toBe(1);
      }),
    end: (hasSucceeded = true) => underWay.pop()?.(hasSucceeded),
  };
}

const NEVER_MILLISECONDS = 1_000_000;

test("a flood of announcements is one reading under way and one after it", async () => {
  const { begun, read, end } = createReadings();
  const pace = createReadingPace(read, NEVER_MILLISECONDS);
  // During the first reading, which somebody else does.
  for (let time = 0; time < 1000; time += 1) pace.hurry();
  expect(begun()).toBe(0);
  pace.begin();
  for (let time = 0; time < 1000; time += 1) pace.hurry();
  await until(() => begun() === 1, 1000);
  for (let time = 0; time < 1000; time += 1) pace.hurry();
  end();
  await until(() => begun() === 2, 1000);
  end();
  pace.stop();
  pace.hurry();
  expect(begun()).toBe(2);
});

test("readings go on by themselves, and what was announced hurries none after one that has failed", async () => {
  const failing = createReadings();
  const hurried = createReadingPace(failing.read, NEVER_MILLISECONDS);
  hurried.hurry();
  hurried.begin();
  await until(() => failing.begun() === 1, 1000);
  hurried.hurry();
  failing.end(false);

  const often = createReadings();
  const regular = createReadingPace(often.read, 20);
  regular.begin();
  for (const count of [1, 2, 3]) {
    await until(() => often.begun() === count, 1000);
    often.end();
  }
  expect(failing.begun()).toBe(1);
  regular.stop();
  hurried.stop();
});
