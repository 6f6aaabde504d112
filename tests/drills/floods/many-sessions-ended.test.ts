import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  ChangePasswordDocument,
  DisableUserDocument,
  LogoutAllDocument,
  MeFromTokenDocument,
  RefreshDocument,
  RequestPasswordResetDocument,
  ResetPasswordDocument,
} from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { untilLockWait } from "../../support/databases/lock-waits.ts";
import { ISSUER, startTestGateway, TEST_SECRET, type TestGateway } from "../../support/gateway.ts";
import { lastFacts, tokenOf } from "../../support/mail/outbox.ts";
import { runCommand } from "../../support/processes/command-line.ts";
import { rounds } from "../../support/rounds.ts";
import { addSessions } from "../../support/sessions/many-sessions.ts";
import { PASSWORD } from "../../support/sign-in.ts";
import { until } from "../../support/until.ts";

let gateway: TestGateway;
let admin: AuthFieldsFragment;
beforeAll(async () => {
  // The command line has the clock of the machine.
  gateway = await startTestGateway({ clock: { now: () => new Date(), advance: () => undefined } });
  admin = await gateway.registerAdmin();
});
afterAll(() => gateway.close());

/** Who ends them differs, what it takes does not: once with many more. An attack leaves 300,000, which `THOROUGHNESS=10` makes. */
const MANY = rounds(30_000);
const MORE_THAN_ANYBODY_HAS = 5000;
const NEW_PASSWORD = "another walk by the sea";

const setPassword = ({ user }: AuthFieldsFragment) =>
  runCommand(["set-password", user.email], {
    env: { DATABASE_URL: gateway.database.url, SECRET: TEST_SECRET, ISSUER },
    input: `${NEW_PASSWORD}\n`,
  });

async function resetPassword({ user }: AuthFieldsFragment) {
  dataOf(await gateway.send(RequestPasswordResetDocument, { email: user.email }));
  const token = tokenOf(await lastFacts(gateway, user.email, "reset_password"));
  return gateway.send(ResetPasswordDocument, { input: { token, newPassword: NEW_PASSWORD } });
}

async function reasonAtRefresh(refreshToken: string | null): Promise<unknown> {
  const { errors } = await gateway.send(RefreshDocument, { input: { refreshToken } });
  return errors[0]?.extensions;
}

test.each<
  readonly [
    name: string,
    count: number,
    endReason: string,
    end: (auth: AuthFieldsFragment) => Promise<{ errors?: readonly unknown[]; code?: unknown }>,
  ]
>([
  ["a reset of the password", MANY, "PASSWORD_RESET", resetPassword],
  [
    "disabling the user",
    MORE_THAN_ANYBODY_HAS,
    "USER_DISABLED",
    ({ user }) => gateway.send(DisableUserDocument, { userId: user.id }, { token: admin.accessToken }),
  ],
  ["logoutAll", MORE_THAN_ANYBODY_HAS, "LOGOUT_ALL", ({ accessToken }) => gateway.send(LogoutAllDocument, {}, { token: accessToken })],
  ["set-password at the command line", MORE_THAN_ANYBODY_HAS, "PASSWORD_CHANGED", setPassword],
])(
  "%s ends %i sessions by one row: none of them goes on, and no access token is taken",
  async (_name, count, endReason, end) => {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email);
    await addSessions(gateway, first.user.id, count);
    expect(await end(first)).toMatchObject({ ...(endReason === "PASSWORD_CHANGED" ? { code: 0 } : { errors: [] }) });
    for (const { refreshToken, accessToken, session } of [first, second]) {
      await until(async () => codesOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken }))[0] === "UNAUTHENTICATED", 5000);
      expect(await reasonAtRefresh(refreshToken)).toMatchObject({ code: "SESSION_ENDED", endReason });
      const { session: seen } = dataOf(
        await gateway.post({ query: `{ session(id: "${session.id}") { endReason endedAt } }` }, { token: admin.accessToken }),
      );
      expect(seen).toEqual({ endReason, endedAt: expect.any(String) });
    }
    // What is left to do is one row; a statement that touched each session would have marked them all.
    const [row] = await gateway.database.sql`
    select (select count(*)::int from session_ends where user_id = ${first.user.id}) as ends,
      (select count(*)::int from sessions where user_id = ${first.user.id} and ended_at is null) > 0 as is_unmarked`;
    expect(row).toEqual({ ends: 1, is_unmarked: true });
    await gateway.database.sql`delete from session_ends where user_id = ${first.user.id}`;
    await gateway.database.sql`delete from sessions where user_id = ${first.user.id}`;
  },
  120_000,
);

test("whoever changes the password with many sessions open keeps the one that they use, and no other one", async () => {
  const first = await gateway.register();
  const second = await gateway.login(first.user.email);
  await addSessions(gateway, first.user.id, 1000);
  const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  dataOf(await gateway.send(ChangePasswordDocument, { input }, { token: second.accessToken }));
  expect(await reasonAtRefresh(first.refreshToken)).toMatchObject({ code: "SESSION_ENDED", endReason: "PASSWORD_CHANGED" });
  const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: second.refreshToken } }));
  await until(async () => (await gateway.auth.markEndedSessions()) === 0 && (await countEnds()) === 0, 60_000);
  dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: refresh.refreshToken } }));
});

async function countEnds(): Promise<number> {
  const [row] = await gateway.database.sql`select count(*)::int as ends from session_ends`;
  return row?.ends;
}

test("each session keeps the reason of the first end after it was opened, before and after it is marked, and is told of once", async () => {
  const first = await gateway.register();
  await addSessions(gateway, first.user.id, 500);
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: first.accessToken }));
  const second = await gateway.login(first.user.email);
  await addSessionsNow(first.user.id, 500);
  dataOf(await gateway.send(DisableUserDocument, { userId: first.user.id }, { token: admin.accessToken }));
  const reasons = async () => [await reasonAtRefresh(first.refreshToken), await reasonAtRefresh(second.refreshToken)];
  const expected = [{ endReason: "LOGOUT_ALL" }, { endReason: "USER_DISABLED" }];
  expect(await reasons()).toMatchObject(expected);
  // Two processes' worth of chores at once.
  await until(async () => {
    await Promise.all([gateway.auth.markEndedSessions(), gateway.auth.markEndedSessions()]);
    return (await countEnds()) === 0;
  }, 60_000);
  expect(await reasons()).toMatchObject(expected);
  const marked = await gateway.database.sql`
    select end_reason, count(*)::int as sessions from sessions where user_id = ${first.user.id} group by end_reason order by end_reason`;
  expect(marked).toEqual([
    { end_reason: "LOGOUT_ALL", sessions: 501 },
    { end_reason: "USER_DISABLED", sessions: 501 },
  ]);
  const [told] = await gateway.database.sql`
    select count(*)::int as entries, count(distinct session_id)::int as sessions from audit_events
    where user_id = ${first.user.id} and type = 'SESSION_REVOKED'`;
  expect(told).toEqual({ entries: 1002, sessions: 1002 });
}, 60_000);

/** Opened after what was ended before. */
async function addSessionsNow(userId: string, count: number): Promise<void> {
  const before = new Date();
  await addSessions(gateway, userId, count);
  await gateway.database.sql`
    update sessions set opened_version = (select version from users where id = ${userId})
    where user_id = ${userId} and created_at >= ${before}`;
}

test("refreshes that meet the end of many sessions leave nothing that goes on", async () => {
  for (let round = 0; round < rounds(4); round += 1) {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email);
    await addSessions(gateway, first.user.id, 300);
    const [refreshed, ended] = await Promise.all([
      gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }),
      gateway.send(LogoutAllDocument, {}, { token: second.accessToken }),
    ]);
    dataOf(ended);
    const answered = refreshed.data?.refresh;
    if (answered === undefined) continue;
    expect(await reasonAtRefresh(answered.refreshToken)).toMatchObject({ code: "SESSION_ENDED", endReason: "LOGOUT_ALL" });
    await until(async () => codesOf(await gateway.send(MeFromTokenDocument, {}, { token: answered.accessToken })).length > 0, 5000);
  }
}, 60_000);

test("a logout under way on one of many sessions keeps none of the others alive", async () => {
  const first = await gateway.register();
  await addSessionsNow(first.user.id, 300);
  const { sql } = gateway.database;
  const ended = await sql.begin(async (tx) => {
    // One of those that are marked at once: it ends while they are marked, so that there is one fewer of them.
    await tx`
      update sessions set ended_at = now(), end_reason = 'LOGOUT'
      where id = (select id from sessions where user_id = ${first.user.id} order by opened_version desc, id desc limit 1)`;
    const ending = gateway.send(LogoutAllDocument, {}, { token: first.accessToken });
    await untilLockWait(gateway.database.sql);
    return { ending };
  });
  dataOf(await ended.ending);
  expect(await reasonAtRefresh(first.refreshToken)).toMatchObject({ code: "SESSION_ENDED", endReason: "LOGOUT_ALL" });
  await until(async () => (await gateway.auth.markEndedSessions()) === 0 && (await countEnds()) === 0, 60_000);
  const rows = await sql`select end_reason, count(*)::int as sessions from sessions where user_id = ${first.user.id} group by end_reason
      order by end_reason`;
  expect(rows).toEqual([
    { end_reason: "LOGOUT", sessions: 1 },
    { end_reason: "LOGOUT_ALL", sessions: 300 },
  ]);
}, 60_000);
