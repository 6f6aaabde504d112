import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, inject, test } from "vitest";
import { DeleteAccountDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";

const GRACE = 14 * 86_400;
const LATE = 61;
const ADDRESS = "203.0.113.77";
const migration = readFileSync(new URL("../../drizzle/0016_known_audit_event_types.sql", import.meta.url), "utf8");

let gateway: TestGateway;
beforeEach(async () => {
  gateway = await startTestGateway();
});
afterEach(() => gateway.close());

/** As they stood in the trail before migration 0016, which leaves such entries as they are: see migrations-beside-writers.test.ts. */
async function addEntriesOfUnknownType(actorId: string, userIds: readonly string[]): Promise<void> {
  const { sql } = gateway.database;
  await sql`alter table audit_events drop constraint audit_events_type_known`;
  for (const userId of userIds) {
    await sql`
      insert into audit_events (id, type, occurred_at, user_id, actor_id, ip_address, succeeded)
      values (gen_random_uuid(), 'WRITTEN_BY_HAND', now(), ${userId}, ${actorId}, ${ADDRESS}, true)`;
  }
  // Once its tables are spread, no Citus takes the constraint again.
  if (!inject("isCitus")) await sql.unsafe(migration);
}

/** Two users who have asked for their erasure, the first one earlier, and whose time has come. */
async function registerLeavers() {
  const [first, second] = [await gateway.register(), await gateway.register()];
  for (const { accessToken } of [first, second]) {
    dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token: accessToken }));
    gateway.clock.advance(1);
  }
  gateway.clock.advance(GRACE);
  return { first: first.user.id, second: second.user.id };
}

/** What went wrong in two runs, the second one late enough to finish what the first one began. */
async function eraseTwice(): Promise<string[]> {
  const failures: string[] = [];
  for (const _run of [1, 2]) {
    await gateway.auth.accountLife.eraseAccounts().catch((error: Error) => failures.push(String(error.cause)));
    gateway.clock.advance(LATE);
  }
  return failures;
}

async function findLeft(ids: readonly string[]): Promise<string[]> {
  const { sql } = gateway.database;
  const rows = await sql`select id from users where id in ${sql(ids)} union select user_id from audit_events where user_id in ${sql(ids)}`;
  return rows.map(({ id }) => id);
}

test("an account with entries of a type that nobody knows is erased with them, and so are those that wait behind it", async () => {
  const other = await gateway.register();
  const { first, second } = await registerLeavers();
  await addEntriesOfUnknownType(first, [first, other.user.id]);
  expect(await eraseTwice()).toEqual([]);
  expect(await findLeft([first, second])).toEqual([]);
  const traces = await gateway.database.sql`select from audit_events where ip_address = ${ADDRESS} or actor_id = ${first}`;
  expect(traces).toHaveLength(0);
});

// No Citus takes a trigger.
test.skipIf(inject("isCitus"))("an account that cannot be erased holds up no other, and is told of", async () => {
  const { first, second } = await registerLeavers();
  await gateway.database.sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise 'refused'; end $$;
    create trigger refuse before update on audit_events for each row when (old.user_id = '${first}') execute function refuse();`);
  const failures = await eraseTwice();
  expect(failures).toEqual([expect.stringContaining("refused"), expect.stringContaining("refused")]);
  expect(new Set(await findLeft([first, second]))).toEqual(new Set([first]));
});
