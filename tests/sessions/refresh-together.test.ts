import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { ClientInfo } from "../../src/core/client-info.ts";
import { AuthError } from "../../src/core/errors.ts";
import type { TestDatabase } from "../support/database.ts";
import { startTestGateway } from "../support/gateway.ts";
import { rounds } from "../support/rounds.ts";
import type { StatementTap } from "../support/wires/statement-tap.ts";
import { startTappedGateway, type TappedGateway } from "../support/wires/tapped-gateway.ts";

/*
 * Refreshes that are asked for in one turn of the event loop share a statement, so these ask the domain and not over HTTP:
 * there nobody knows which turn a request arrives in.
 */

const client: ClientInfo = { ipAddress: "192.0.2.1", userAgent: "tests" };

let database: TestDatabase;
let tap: StatementTap;
let gateway: TappedGateway;
beforeAll(async () => {
  gateway = await startTappedGateway();
  ({ database, tap } = gateway);
});
afterAll(() => gateway.close());

interface Held {
  readonly id: string;
  readonly userId: string;
  readonly token: string;
}

async function openSessions(count: number): Promise<Held[]> {
  const held = await Promise.all(Array.from({ length: count }, () => gateway.register()));
  return held.map(({ user, session, refreshToken }) => ({ id: session.id, userId: user.id, token: refreshToken ?? "" }));
}

const refresh = ({ token }: { readonly token: string }) => gateway.auth.sessions.refresh({ refreshToken: token }, client);

async function codeOf(work: Promise<unknown>): Promise<string> {
  const outcome = await work.then(
    () => "none",
    (error: unknown) => error,
  );
  if (outcome === "none") return outcome;
  if (outcome instanceof AuthError) return outcome.code;
  throw outcome;
}

function stateOf(sessions: readonly Held[]) {
  const ids = sessions.map(({ id }) => id);
  return database.sql`select id, generation, end_reason from sessions where id in ${database.sql(ids)} order by id`;
}

const rotationsIn = (statements: readonly string[]) => statements.filter((text) => /update sessions/.test(text)).length;

async function audited(sessions: readonly Held[], type: string): Promise<number> {
  const ids = sessions.map(({ id }) => id);
  const rows = await database.sql`
    select session_id, user_id from audit_events where type = ${type} and session_id in ${database.sql(ids)}
      and ip_address = ${client.ipAddress} and user_agent = ${client.userAgent}`;
  return rows.filter(({ session_id, user_id }) => sessions.some(({ id, userId }) => id === session_id && userId === user_id)).length;
}

describe("refreshes that arrive together", () => {
  test("are one statement, and each session gets its own successor and audit event", async () => {
    const sessions = await openSessions(20);
    let held: Awaited<ReturnType<typeof refresh>>[] = [];
    const statements = await tap.during(async () => {
      held = await Promise.all(sessions.map(refresh));
    });
    // Where tables are spread, each is asked of its own node.
    expect(rotationsIn(statements)).toBe(inject("isCitus") ? sessions.length : 1);
    expect(held.map(({ session }) => session.id)).toEqual(sessions.map(({ id }) => id));
    expect(new Set(held.map(({ refreshToken }) => refreshToken)).size).toBe(20);
    expect((await stateOf(sessions)).map((row) => row.generation)).toEqual(Array(20).fill(1));
    expect(await audited(sessions, "TOKEN_REFRESHED")).toBe(20);
    const again = await Promise.all(held.map(({ refreshToken }) => refresh({ token: refreshToken })));
    expect(again.map(({ session }) => session.id)).toEqual(sessions.map(({ id }) => id));
  });

  test("a single one is one statement, too", async () => {
    const [session] = await openSessions(1);
    const statements = await tap.during(() => refresh(session ?? { token: "" }));
    expect(statements.filter((text) => /sessions/.test(text))).toHaveLength(1);
  });

  test("of several of one session one rotates, and all get its successor", async () => {
    const sessions = await openSessions(2);
    const [one = sessions[0], other] = sessions;
    const held = await Promise.all([one, one, other, one].map((session) => refresh(session ?? { token: "" })));
    const successors = new Set(held.filter(({ session }) => session.id === one?.id).map(({ refreshToken }) => refreshToken));
    expect(successors.size).toBe(1);
    expect((await stateOf(sessions)).map((row) => row.generation)).toEqual([1, 1]);
    expect(await audited(sessions, "TOKEN_REFRESHED")).toBe(2);
    expect(await audited(sessions, "REFRESH_REPLAYED")).toBe(2);
  });

  test("are judged one by one: what is sent again, old, ended, disabled or false changes nothing for the others", async () => {
    const sessions = await openSessions(6);
    const [fresh, retried, old, ended, disabled, unknown] = sessions as [Held, Held, Held, Held, Held, Held];
    const successor = (await refresh(retried)).refreshToken;
    await refresh({ token: (await refresh(old)).refreshToken });
    await database.sql`update sessions set ended_at = now(), end_reason = 'LOGOUT' where id = ${ended.id}`;
    await database.sql`update users set status = 'DISABLED' where id = (select user_id from sessions where id = ${disabled.id})`;
    await database.sql`delete from sessions where id = ${unknown.id}`;
    // A letter of the family secret is another one.
    const forged = { token: `${fresh.token.slice(0, 40)}${fresh.token[40] === "A" ? "B" : "A"}${fresh.token.slice(41)}` };
    const together = [retried, old, ended, disabled, unknown, forged, ...(await openSessions(3)), fresh].map((each) => refresh(each));
    const codes = await Promise.all(together.map(codeOf));
    expect(codes).toEqual([
      "none",
      "REFRESH_TOKEN_REUSED",
      "SESSION_ENDED",
      "SESSION_ENDED",
      "INVALID_REFRESH_TOKEN",
      "INVALID_REFRESH_TOKEN",
      ...Array(4).fill("none"),
    ]);
    expect((await together[0])?.refreshToken).toBe(successor);
    expect(await stateOf([fresh, retried, old, ended, disabled].sort((a, b) => (a.id < b.id ? -1 : 1)))).toEqual(
      [
        { id: fresh.id, generation: 1, end_reason: null },
        { id: retried.id, generation: 1, end_reason: null },
        { id: old.id, generation: 2, end_reason: "REUSE_DETECTED" },
        { id: ended.id, generation: 0, end_reason: "LOGOUT" },
        { id: disabled.id, generation: 0, end_reason: null },
      ].sort((a, b) => (a.id < b.id ? -1 : 1)),
    );
  });

  test("one whose row is locked holds up none of the others, and is judged when the lock is gone", async () => {
    const sessions = await openSessions(5);
    const [locked, ...others] = sessions as [Held, ...Held[]];
    let waiting: Promise<unknown> | undefined;
    await database.sql.begin(async (sql) => {
      await sql`select 1 from sessions where user_id = ${locked.userId} and id = ${locked.id} for update`;
      waiting = refresh(locked);
      const held = await Promise.all(others.map(refresh));
      expect(held.map(({ session }) => session.id)).toEqual(others.map(({ id }) => id));
      expect((await stateOf([locked])).map((row) => row.generation)).toEqual([0]);
      await sql`update sessions set ended_at = now(), end_reason = 'LOGOUT' where id = ${locked.id}`;
    });
    expect(await codeOf(Promise.resolve(waiting))).toBe("SESSION_ENDED");
    expect((await stateOf([locked])).map((row) => [row.generation, row.end_reason])).toEqual([[0, "LOGOUT"]]);
  });

  test("two batches of the same sessions in opposite orders never wait for each other", async () => {
    const other = await startTestGateway({ database });
    try {
      let sessions = await openSessions(12);
      for (let round = 1; round <= rounds(10); round += 1) {
        const forth = sessions.map(refresh);
        const back = [...sessions].reverse().map(({ token }) => other.auth.sessions.refresh({ refreshToken: token }, client));
        const [here, there] = await Promise.all([Promise.all(forth), Promise.all(back)]);
        const tokens = here.map(({ refreshToken }) => refreshToken);
        expect(there.map(({ refreshToken }) => refreshToken).reverse()).toEqual(tokens);
        expect((await stateOf(sessions)).map((row) => row.generation)).toEqual(Array(12).fill(round));
        sessions = sessions.map((held, index) => ({ ...held, token: tokens[index] ?? "" }));
      }
      expect([...gateway.logs, ...other.logs].filter(({ level }) => Number(level) >= 50)).toEqual([]);
    } finally {
      await other.close();
    }
  });
});
