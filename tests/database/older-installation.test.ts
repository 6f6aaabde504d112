import { afterAll, beforeAll, expect, test } from "vitest";
import { loadPasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { LoginDocument, RefreshDocument, RegisterDocument, UndoEmailChangeDocument, VerifyEmailDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestClock } from "../support/clock.ts";
import { createEmptyDatabase, createTestDatabase, type TestDatabase } from "../support/database.ts";
import { describeSchema } from "../support/databases/describe-schema.ts";
import { fillOlder, installUpTo, older } from "../support/databases/older-installation.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { PASSWORD } from "../support/sign-in.ts";

/** The last one before addresses had a directory, and keys the user's id. */
const LAST = "0016_known_audit_event_types";

const clock = createTestClock();
let database: TestDatabase;
let gateway: TestGateway;
let trailBefore: readonly unknown[];
let emptyBefore: readonly string[];
beforeAll(async () => {
  database = await createEmptyDatabase();
  await installUpTo(database.url, LAST);
  await fillOlder(database.sql, { now: clock.now(), passwordHash: await hashOf(PASSWORD), signingKey: await makeSigningKey() });
  trailBefore = await readTrail();
  emptyBefore = await findEmptyTables();
  await migrateDatabase(database.url, SCHEMA);
  gateway = await startTestGateway({ database, clock });
});
afterAll(async () => {
  await gateway.close();
  await database.drop();
});

async function hashOf(password: string): Promise<string> {
  const engine = await loadPasswordEngine({ memoryKibibytes: 32, iterations: 1, parallelism: 1 });
  return engine.hash(password);
}

/** What a server of before has made: the same then as now. */
async function makeSigningKey() {
  const other = await startTestGateway({ clock });
  const [row] = await other.database.sql`select * from signing_keys`;
  await other.close();
  if (row === undefined) throw new Error("A gateway has no signing key.");
  return row;
}

/** Every entry, as it was written: by which nobody is null. */
async function readTrail(): Promise<readonly unknown[]> {
  return [
    ...(await database.sql`
      select id, type, occurred_at, nullif(user_id, '00000000-0000-0000-0000-000000000000') as user_id, actor_id, session_id, ip_address,
        user_agent, succeeded, detail
      from audit_events where id::text like '01900000-0000-7000-8000-000000001%' order by id`),
  ];
}

async function findEmptyTables(): Promise<readonly string[]> {
  const tables = await database.sql<{ table_name: string }[]>`
    select table_name from information_schema.tables where table_schema = ${SCHEMA} and table_type = 'BASE TABLE'`;
  const empty: string[] = [];
  for (const { table_name } of tables) {
    const [row] = await database.sql`select exists (select from ${database.sql(table_name)}) as is_filled`;
    if (row?.is_filled !== true) empty.push(table_name);
  }
  return empty;
}

const login = (email: string) => gateway.send(LoginDocument, { input: { email, password: PASSWORD } });
const register = (email: string) => gateway.send(RegisterDocument, { input: { email, password: PASSWORD } });

async function post(query: string): Promise<unknown> {
  const { accessToken } = await gateway.login(older.ada.email);
  return dataOf(await gateway.post({ query }, { token: accessToken }));
}

test("had rows in every table, so that each is tried", () => {
  expect(emptyBefore).toEqual([]);
});

test("has the tables of a new one", async () => {
  const fresh = await createTestDatabase();
  const wanted = await describeSchema(fresh.sql, SCHEMA);
  await fresh.drop();
  expect(await describeSchema(database.sql, SCHEMA)).toEqual(wanted);
});

test("its users sign in, and its refresh tokens are none any more", async () => {
  for (const { email } of [older.ada, older.erin]) expect(codesOf(await login(email))).toEqual([]);
  const token = `rt1_${Buffer.alloc(80, 7).toString("base64url")}`;
  expect(codesOf(await gateway.send(RefreshDocument, { input: { refreshToken: token } }))).toEqual(["INVALID_REFRESH_TOKEN"]);
});

test("each address has one owner, as before", async () => {
  expect(codesOf(await register(older.ada.email))).toEqual(["EMAIL_TAKEN"]);
  const rows =
    await database.sql`select email_key, user_id, state from email_addresses where user_id <> ${older.bob.id} order by email_key`;
  expect(rows).toEqual([older.ada, older.dave, older.erin].map(({ id, email }) => ({ email_key: email, user_id: id, state: "ACCOUNT" })));
});

test("its audit trail reads the same, and what concerned nobody still does", async () => {
  const { auditEvents } = (await post(
    `{ auditEvents(first: 100, filter: { types: [LOGIN_FAILED, FORCED_LOGOUT] }) { edges { node { type userId } } } }`,
  )) as {
    auditEvents: { edges: { node: unknown }[] };
  };
  expect(auditEvents.edges.map(({ node }) => node)).toEqual([
    { type: "FORCED_LOGOUT", userId: null },
    { type: "LOGIN_FAILED", userId: null },
  ]);
  expect(trailBefore).toHaveLength(6);
  expect(await readTrail()).toEqual(trailBefore);
});

test("its sessions say when and why they have ended, by their own row or by the one that ended many", async () => {
  const query = [older.adasLive, older.adasEnded, older.erinsEnded].map((id, index) => `s${index}: session(id: "${id}") { endReason }`);
  expect(await post(`{ ${query.join(" ")} }`)).toEqual({
    s0: { endReason: null },
    s1: { endReason: "LOGOUT" },
    s2: { endReason: "PASSWORD_RESET" },
  });
  await gateway.auth.markEndedSessions();
  const [row] = await database.sql`select end_reason from sessions where id = ${older.erinsEnded}`;
  expect(row).toEqual({ end_reason: "PASSWORD_RESET" });
});

test("a link that was sent before proves its address", async () => {
  const { verification: token, email } = older.dave;
  expect(dataOf(await gateway.send(VerifyEmailDocument, { input: { token } })).verifyEmail).toEqual({ email });
});

test("an address that could be gone back to is nobody else's, and its link undoes the change", async () => {
  const { before, email, undo } = older.bob;
  expect(codesOf(await register(before))).toEqual(["EMAIL_TAKEN"]);
  const { undoEmailChange } = dataOf(await gateway.send(UndoEmailChangeDocument, { input: { token: undo } }));
  expect(undoEmailChange).toMatchObject({ email: before });
  expect(codesOf(await register(email))).toEqual([]);
  expect(codesOf(await register(before))).toEqual(["EMAIL_TAKEN"]);
});

test("an erasure that had begun is finished, under the name that it had", async () => {
  // A chore of the gateway's may have been faster.
  await gateway.auth.accountLife.eraseAccounts();
  expect(await database.sql`select from users where id = ${older.carol.id}`).toHaveLength(0);
  const rows = await database.sql`select type, session_id is null as no_session from audit_events
    where user_id = ${older.carol.pseudonym} order by id`;
  expect(rows).toEqual([
    { type: "LOGIN_SUCCEEDED", no_session: false },
    { type: "ACCOUNT_ERASED", no_session: true },
  ]);
  const traces = await database.sql`select from audit_events where user_id = ${older.carol.id} or session_id = ${older.carolsSession}`;
  expect(traces).toHaveLength(0);
});
