import { afterAll, beforeAll, expect, test } from "vitest";
import { MeFromTokenDocument, RefreshDocument } from "./generated/operations.ts";
import { dataOf } from "./support/client.ts";
import { runCommand } from "./support/command-line.ts";
import { ISSUER, startTestGateway, TEST_SECRET, type TestGateway } from "./support/gateway.ts";
import { until } from "./support/until.ts";

let one: TestGateway;
/** Another process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  one = await startTestGateway();
  other = await startTestGateway({ database: one.database, clock: one.clock });
});
afterAll(async () => {
  await other.close();
  await one.close();
});

const run = (...words: string[]) =>
  runCommand(["end-all-sessions", ...words], { env: { DATABASE_URL: one.database.url, SECRET: TEST_SECRET, ISSUER } });

const isTaken = async (gateway: TestGateway, token: string) => (await gateway.send(MeFromTokenDocument, {}, { token })).errors.length === 0;

async function expectSignedOut({ accessToken, refreshToken }: { accessToken: string; refreshToken: string | null }): Promise<void> {
  for (const gateway of [one, other]) await until(async () => !(await isTaken(gateway, accessToken)), 5000);
  const { errors } = await one.send(RefreshDocument, { input: { refreshToken } });
  expect(errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "REVOKED_BY_ADMIN" });
}

test("a command signs everybody out: refresh tokens and access tokens are refused in every process, and whoever signs in again stays", async () => {
  const users = [await one.register(), await other.register(), await one.registerAdmin()];
  expect(await run()).toMatchObject({ code: 0, stdout: "Signed everybody out.\n" });
  for (const user of users) await expectSignedOut(user);
  const again = await one.login(users[0]?.user.email ?? "");
  expect([await isTaken(one, again.accessToken), await isTaken(other, again.accessToken)]).toEqual([true, true]);
  dataOf(await other.send(RefreshDocument, { input: { refreshToken: again.refreshToken } }));
  const [audited] = await one.database.sql`select user_id, actor_id, detail from audit_events where type = 'FORCED_LOGOUT'`;
  expect(audited).toEqual({ user_id: null, actor_id: null, detail: { by: "operator" } });
  await until(async () => {
    await one.auth.markEndedSessions();
    const [row] = await one.database.sql`select count(*)::int as open from sessions where ended_at is null and id <> ${again.session.id}`;
    return row?.open === 0;
  }, 20_000);
  // What was under way meanwhile is looked at an hour later, and then the row goes.
  one.clock.advance(3601);
  await until(async () => {
    await one.auth.markEndedSessions();
    const [row] = await one.database.sql`select count(*)::int as ends from session_ends`;
    return row?.ends === 0;
  }, 20_000);
  const reasons = await one.database.sql`select end_reason, count(*)::int as sessions from sessions where ended_at is not null group by 1`;
  expect(reasons).toEqual([{ end_reason: "REVOKED_BY_ADMIN", sessions: 4 }]);
  const [entries] = await one.database.sql`
    select count(distinct session_id)::int as sessions, count(*)::int as entries from audit_events where type = 'SESSION_REVOKED'`;
  expect(entries).toEqual({ sessions: 4, entries: 4 });
});

test("with a role it signs out those who have it, and nobody else", async () => {
  const [admin, user] = [await one.registerAdmin(), await one.register()];
  const { code, stdout } = await run("--role", "admin");
  expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^Signed out \d users? and ended \d sessions?\.\n$/) });
  await expectSignedOut(admin);
  expect(await isTaken(one, user.accessToken)).toBe(true);
  dataOf(await one.send(RefreshDocument, { input: { refreshToken: user.refreshToken } }));
  expect(await run("--role", "nobody")).toMatchObject({ code: 1, stderr: expect.stringContaining("ROLE must be among") });
});

test("an end reason that nobody knows is refused by the database, and answered as an end where it is there all the same", async () => {
  const { accessToken, refreshToken, session } = await one.register();
  const write = one.database.sql`update sessions set ended_at = now(), end_reason = 'FORCED_LOGOUT' where id = ${session.id}`;
  await expect(write).rejects.toMatchObject({ code: "23514" });
  await one.database.sql`alter table sessions drop constraint sessions_end_reason`;
  await one.database.sql`update sessions set ended_at = now(), end_reason = 'FORCED_LOGOUT' where id = ${session.id}`;
  const { errors } = await one.send(RefreshDocument, { input: { refreshToken } });
  expect(errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "REVOKED_BY_ADMIN" });
  const asked = await one.post({ query: `{ session(id: "${session.id}") { endReason } }` }, { token: accessToken });
  expect(asked).toMatchObject({ errors: [], data: { session: { endReason: "REVOKED_BY_ADMIN" } } });
});
