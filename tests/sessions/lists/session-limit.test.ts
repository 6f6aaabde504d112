import { afterAll, beforeAll, expect, test } from "vitest";
import { LoginDocument, MeFromTokenDocument, RefreshDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { addSessions } from "../../support/sessions/many-sessions.ts";
import { PASSWORD } from "../../support/sign-in.ts";

/* Hashes take next to no time here, so that sign-ins meet in the statements. */

const MAXIMUM = 5;

let one: TestGateway;
/** Another process on the same database. */
let other: TestGateway;
beforeAll(async () => {
  const env = { SESSIONS_PER_USER: String(MAXIMUM), HASHING_QUEUE: "200" };
  one = await startTestGateway({ env });
  other = await startTestGateway({ env, database: one.database, clock: one.clock });
});
afterAll(async () => {
  await other.close();
  await one.close();
});

async function countLive(userId: string): Promise<number> {
  const [row] = await one.database.sql`
    select count(*)::int as live from sessions where user_id = ${userId} and ended_at is null
      and opened_version >= coalesce((select max(opened_below) from session_ends where session_ends.user_id = sessions.user_id), 0)`;
  return row?.live;
}

const refresh = (refreshToken: string | null) => one.send(RefreshDocument, { input: { refreshToken } });

test("one sign-in more than a user may have sessions ends the one that was not used for the longest time", async () => {
  const first = await one.register();
  const sessions = [first];
  for (let login = 1; login < MAXIMUM; login += 1) {
    one.clock.advance(1);
    sessions.push(await one.login(first.user.email));
  }
  one.clock.advance(1);
  const { refresh: used } = dataOf(await refresh(first.refreshToken));
  const latest = await one.login(first.user.email);
  const [, unused, ...others] = sessions;
  expect((await refresh(unused?.refreshToken ?? null)).errors[0]?.extensions).toMatchObject({
    code: "SESSION_ENDED",
    endReason: "TOO_MANY_SESSIONS",
  });
  for (const gateway of [one, other]) {
    await expect
      .poll(async () => codesOf(await gateway.send(MeFromTokenDocument, {}, { token: unused?.accessToken ?? "" })))
      .toEqual(["UNAUTHENTICATED"]);
  }
  for (const { refreshToken } of [used, latest, ...others]) dataOf(await refresh(refreshToken));
  const [entry] = await one.database.sql`
    select detail from audit_events where session_id = ${unused?.session.id ?? null} and type = 'SESSION_REVOKED'`;
  expect(entry?.detail).toEqual({ reason: "TOO_MANY_SESSIONS" });
});

test("sign-ins at once at two processes leave as many live sessions as there may be, and never more", async () => {
  const { user } = await one.register();
  const input = { email: user.email, password: PASSWORD };
  let isOver = false;
  const most = watchMost(
    () => countLive(user.id),
    () => isOver,
  );
  const logins = Array.from({ length: 30 }, (_, index) => (index % 2 === 0 ? one : other).send(LoginDocument, { input }));
  const replies = await Promise.all(logins).finally(() => {
    isOver = true;
  });
  expect(replies.flatMap(codesOf)).toEqual([]);
  expect(await most).toBeLessThanOrEqual(MAXIMUM);
  expect(await countLive(user.id)).toBe(MAXIMUM);
  const refreshed = await Promise.all(replies.map((reply) => refresh(dataOf(reply).login.refreshToken)));
  expect(refreshed.filter(({ errors }) => errors.length === 0)).toHaveLength(MAXIMUM);
}, 60_000);

async function watchMost(look: () => Promise<number>, isOver: () => boolean): Promise<number> {
  let most = 0;
  do most = Math.max(most, await look());
  while (!isOver());
  return most;
}

test("a user with thousands of sessions from before there was a limit signs in, and has as many as there may be from then on", async () => {
  const first = await one.register();
  await addSessions(one, first.user.id, 5000);
  const latest = await one.login(first.user.email);
  expect(await countLive(first.user.id)).toBe(MAXIMUM);
  expect((await refresh(first.refreshToken)).errors[0]?.extensions).toMatchObject({ endReason: "TOO_MANY_SESSIONS" });
  dataOf(await refresh(latest.refreshToken));
  const [row] = await one.database.sql`select count(*)::int as ends from session_ends where user_id = ${first.user.id}`;
  expect(row?.ends).toBe(1);
});

test("sessions that have expired take nobody's place", async () => {
  const first = await one.register();
  for (let login = 1; login < MAXIMUM; login += 1) await one.login(first.user.email);
  one.clock.advance(20 * 86_400);
  const [again, latest] = [await one.login(first.user.email), await one.login(first.user.email)];
  for (const { refreshToken } of [again, latest]) dataOf(await refresh(refreshToken));
  const reasons = await one.database
    .sql`select distinct end_reason from sessions where user_id = ${first.user.id} and ended_at is not null`;
  expect(reasons.map(({ end_reason }) => end_reason)).toEqual(["EXPIRED"]);
});
