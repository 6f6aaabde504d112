import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DeleteAccountDocument } from "../../generated/operations.ts";
import { dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { until } from "../../support/until.ts";

const erasingProcess = fileURLToPath(new URL("../../support/load/erasing-process.ts", import.meta.url));
const GRACE = 14 * 86_400;
const KILLS = 4;
/** So many that a process takes a while with them. */
const ENTRIES = 60_000;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function startErasing(): ChildProcess {
  const args = ["--import", "tsx", erasingProcess, gateway.database.url, gateway.clock.now().toISOString()];
  return spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
}

async function countOf(userId: string): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int from audit_events where user_id = ${userId}`;
  return row?.count;
}

test("a process that is killed while it erases leaves work that any other finishes, under one pseudonym, each entry once", async () => {
  const { sql } = gateway.database;
  const { user, accessToken, session } = await gateway.register();
  await sql`
    insert into audit_events (id, type, occurred_at, user_id, actor_id, session_id, ip_address, succeeded)
    select gen_random_uuid(), 'TOKEN_REFRESHED', now(), ${user.id}, ${user.id}, ${session.id}, '203.0.113.5', true
    from generate_series(1, ${ENTRIES})`;
  dataOf(await gateway.send(DeleteAccountDocument, {}, { token: accessToken }));
  gateway.clock.advance(GRACE + 1);

  const all = await countOf(user.id);
  for (let kills = 0; kills < KILLS; kills += 1) {
    const before = await countOf(user.id);
    const child = startErasing();
    const exited = once(child, "exit");
    await until(async () => (await countOf(user.id)) < before || child.exitCode !== null, 60_000);
    child.kill("SIGKILL");
    await exited;
    expect(child.signalCode).toBe("SIGKILL");
    // Whoever looks at the account meanwhile finds nothing of its user.
    const [row] = await sql`select email, status, roles from users where id = ${user.id}`;
    expect(row).toEqual({ email: "erased", status: "DISABLED", roles: [] });
  }
  const left = await countOf(user.id);
  expect(left).toBeGreaterThan(0);
  expect(left).toBeLessThan(all);

  gateway.clock.advance(61);
  // PostgreSQL lets go of the killed one's rows when it has heard of it; until then they are passed over.
  await until(async () => (await gateway.auth.accountLife.eraseAccounts()) === 1, 60_000);
  const pseudonyms = await sql`
    select user_id, count(*)::int, count(distinct session_id)::int as sessions from audit_events
      where type = 'TOKEN_REFRESHED' group by user_id`;
  const [erased] = await sql`select user_id from audit_events where type = 'ACCOUNT_ERASED'`;
  expect([...pseudonyms]).toEqual([{ user_id: erased?.user_id, count: ENTRIES, sessions: 1 }]);
  expect(
    await sql`select id from audit_events where user_id = ${user.id} or session_id = ${session.id} or ip_address = '203.0.113.5'`,
  ).toHaveLength(0);
  expect(await sql`select id from users where id = ${user.id}`).toHaveLength(0);
}, 120_000);
