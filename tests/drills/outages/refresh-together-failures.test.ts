import { once } from "node:events";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ClientInfo } from "../../../src/core/client-info.ts";
import { AuthError } from "../../../src/core/errors.ts";
import { isDatabaseUnavailable } from "../../../src/database/unavailable.ts";
import { DisableUserDocument, MeFromTokenDocument, RefreshDocument } from "../../generated/operations.ts";
import { codesOf } from "../../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../../support/database.ts";
import { startTestGateway, type TestGateway } from "../../support/gateway.ts";
import { rounds } from "../../support/rounds.ts";
import { until } from "../../support/until.ts";
import { startTcpProxy, type TcpProxy } from "../../support/wires/tcp-proxy.ts";

/* Refreshes that share a statement, when it fails: of as many as were asked for together each one is answered, and answered truly. */

const TOGETHER = 12;
const client: ClientInfo = { ipAddress: "192.0.2.1", userAgent: "tests" };

let database: TestDatabase;
let proxy: TcpProxy;
let gateway: TestGateway;
let other: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await startTcpProxy(database.url);
  gateway = await startTestGateway({
    database: { ...database, url: proxy.url },
    env: { DATABASE_POOL_SIZE: "2" },
    // A chore that waits for an answer would stand before what a test sends on the only connection.
    wait: (_milliseconds, signal) => once(signal, "abort").then(() => undefined),
  });
  // Registers many users, which is to take no time.
  other = await startTestGateway({ database });
});
afterAll(async () => {
  await other.close();
  await gateway.close();
  await proxy.close();
  await database.drop();
});

interface Held {
  readonly id: string;
  readonly userId: string;
  readonly token: string;
}

async function openSessions(count: number): Promise<Held[]> {
  const held = await Promise.all(Array.from({ length: count }, () => other.register()));
  return held.map(({ user, session, refreshToken }) => ({ id: session.id, userId: user.id, token: refreshToken ?? "" }));
}

const refresh = (on: TestGateway, { token }: Pick<Held, "token">, from = client) => on.auth.sessions.refresh({ refreshToken: token }, from);

/** A connection that was being opened meanwhile is cut off once more, which what is sent first afterwards can meet. */
async function restoreDatabase(): Promise<void> {
  proxy.restore();
  await until(
    () =>
      gateway.register().then(
        () => true,
        () => false,
      ),
    5000,
  );
}

/**
 * Refreshes that are committed while no answer arrives. A connection that has not prepared both statements, of one session and of several,
 * waits for an answer before it executes them, and nothing is committed: then others are refreshed, until one has.
 */
async function commitUnheard(): Promise<{ sessions: readonly Held[]; lost: Promise<PromiseSettledResult<unknown>[]> }> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const sessions = await openSessions(TOGETHER);
    await Promise.all((await openSessions(TOGETHER)).map((session) => refresh(gateway, session)));
    proxy.holdAnswers();
    const lost = Promise.allSettled(sessions.map((session) => refresh(gateway, session)));
    const areCommitted = async () => (await statesOf(sessions)).every(({ generation }) => generation === 1);
    if (
      await until(areCommitted, 500).then(
        () => true,
        () => false,
      )
    )
      return { sessions, lost };
    proxy.cut();
    await lost;
    await restoreDatabase();
  }
  return expect.fail("Nothing was committed while answers were held.");
}

/** In the order of the sessions. */
async function statesOf(sessions: readonly Held[]) {
  const rows = await database.sql`
    select id, generation, end_reason,
      (select count(*)::int from audit_events where session_id = sessions.id and type = 'TOKEN_REFRESHED') as audited
    from sessions where id in ${database.sql(sessions.map(({ id }) => id))}`;
  return sessions.map(({ id }) => {
    const row = rows.find((each) => each.id === id);
    return { generation: row?.generation, audited: row?.audited, end: row?.end_reason };
  });
}

test("one that cannot be written fails alone", async () => {
  const sessions = await openSessions(TOGETHER);
  // No header can hold it, and PostgreSQL no text.
  const unwritable: ClientInfo = { ...client, userAgent: "\0" };
  const outcomes = await Promise.allSettled(sessions.map((session, index) => refresh(gateway, session, index === 5 ? unwritable : client)));
  expect(outcomes.map(({ status }) => status)).toEqual(sessions.map((_session, index) => (index === 5 ? "rejected" : "fulfilled")));
  const once = { generation: 1, audited: 1, end: null };
  expect(await statesOf(sessions)).toEqual(
    sessions.map((_session, index) => (index === 5 ? { generation: 0, audited: 0, end: null } : once)),
  );
  expect((await refresh(gateway, sessions[5] ?? expect.fail("no session"))).session.id).toBe(sessions[5]?.id);
});

test("when the database is cut off between its commit and its answer, all are told so, and each retry gets the one successor", async () => {
  const { sessions, lost } = await commitUnheard();
  proxy.cut();
  const outcomes = await lost;
  for (const outcome of outcomes) expect(isDatabaseUnavailable(outcome.status === "rejected" && outcome.reason)).toBe(true);
  await restoreDatabase();
  const retried = await Promise.all(sessions.map((session) => refresh(gateway, session)));
  const elsewhere = await Promise.all(sessions.map((session) => refresh(other, session)));
  expect(retried.map(({ refreshToken }) => refreshToken)).toEqual(elsewhere.map(({ refreshToken }) => refreshToken));
  expect(await statesOf(sessions)).toEqual(Array(TOGETHER).fill({ generation: 1, audited: 1, end: null }));
});

test("when the database is cut off before anything was sent, nothing has happened, and each retry rotates", async () => {
  const sessions = await openSessions(TOGETHER);
  proxy.cut();
  const outcomes = await Promise.allSettled(sessions.map((session) => refresh(gateway, session)));
  for (const outcome of outcomes) expect(isDatabaseUnavailable(outcome.status === "rejected" && outcome.reason)).toBe(true);
  expect(await statesOf(sessions)).toEqual(Array(TOGETHER).fill({ generation: 0, audited: 0, end: null }));
  await restoreDatabase();
  await Promise.all(sessions.map((session) => refresh(gateway, session)));
  expect(await statesOf(sessions)).toEqual(Array(TOGETHER).fill({ generation: 1, audited: 1, end: null }));
});

test("a batch that meets the logout of some of its sessions leaves those dead and rotates the others", async () => {
  for (let round = 0; round < rounds(6); round += 1) {
    const sessions = await openSessions(TOGETHER);
    const isLeaving = (index: number) => index % 3 === 0;
    const leaving = sessions.filter((_session, index) => isLeaving(index));
    const [outcomes, ended] = await Promise.all([
      Promise.allSettled(sessions.map((session) => refresh(gateway, session))),
      Promise.all(leaving.map(({ token }) => other.auth.sessions.logout({ refreshToken: token, viewer: undefined }, client))),
    ]);
    expect(ended).toEqual(leaving.map(() => 1));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status === "fulfilled") expect(outcome.value.session.id).toBe(sessions[index]?.id);
      else expect([isLeaving(index), outcome.reason instanceof AuthError && outcome.reason.code]).toEqual([true, "SESSION_ENDED"]);
      const { generation, audited, end } = (await statesOf(sessions))[index] ?? expect.fail("no session");
      expect({ end, audited }).toEqual({ end: isLeaving(index) ? "LOGOUT" : null, audited: generation });
      expect(generation).toBe(outcome.status === "fulfilled" ? 1 : 0);
    }
    const late = await Promise.allSettled(
      outcomes.map((outcome, index) =>
        refresh(other, { token: outcome.status === "fulfilled" ? outcome.value.refreshToken : (sessions[index]?.token ?? "") }),
      ),
    );
    expect(late.map(({ status }) => status)).toEqual(sessions.map((_session, index) => (isLeaving(index) ? "rejected" : "fulfilled")));
  }
});

test("a batch that meets the disabling of some of its users leaves no session of theirs and no token that is taken", async () => {
  const admin = (await other.registerAdmin()).accessToken;
  for (let round = 0; round < rounds(4); round += 1) {
    const sessions = await openSessions(TOGETHER);
    const isDisabled = (index: number) => index % 3 === 0;
    const orders = sessions
      .filter((_session, index) => isDisabled(index))
      .map(({ userId }) => other.send(DisableUserDocument, { userId }, { token: admin }));
    const [replies, disabled] = await Promise.all([
      Promise.all(sessions.map((session) => gateway.send(RefreshDocument, { input: { refreshToken: session.token } }))),
      Promise.all(orders),
    ]);
    expect(disabled.flatMap(codesOf)).toEqual([]);
    const ends = sessions.map((_session, index) => (isDisabled(index) ? "USER_DISABLED" : null));
    expect((await statesOf(sessions)).map(({ end }) => end)).toEqual(ends);
    for (const [index, reply] of replies.entries()) {
      const given = reply.data?.refresh;
      if (given === undefined) expect([isDisabled(index), ...codesOf(reply)]).toEqual([true, "SESSION_ENDED"]);
      else await until(async () => (await isTaken(given.accessToken)) === !isDisabled(index), 5000);
    }
  }
});

async function isTaken(token: string): Promise<boolean> {
  return (await gateway.send(MeFromTokenDocument, {}, { token })).errors.length === 0;
}
