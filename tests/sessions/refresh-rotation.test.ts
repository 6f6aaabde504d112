import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type AuthFieldsFragment, LogoutDocument, MeDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf, type Reply } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

function refresh(refreshToken: string | null) {
  return gateway.send(RefreshDocument, { input: { refreshToken } });
}

async function refreshed(refreshToken: string | null): Promise<AuthFieldsFragment> {
  return dataOf(await refresh(refreshToken)).refresh;
}

async function stateOf(sessionId: string) {
  const [row] = await gateway.database.sql`select generation, end_reason, ended_at is null as live from sessions where id = ${sessionId}`;
  return row;
}

async function auditCounts(sessionId: string): Promise<Record<string, number>> {
  const rows = await gateway.database.sql`select type, count(*)::int as n from audit_events where session_id = ${sessionId} group by type`;
  return Object.fromEntries(rows.map((row) => [row.type, row.n]));
}

/** The token's bytes, changed, as a token again. */
function forge(token: string | null, change: (bytes: Buffer) => void): string {
  const bytes = Buffer.from((token ?? "").slice(4), "base64url");
  change(bytes);
  return `rt2_${bytes.toString("base64url")}`;
}

function reasonOf(reply: Reply<unknown>): unknown {
  return reply.errors[0]?.extensions.reason;
}

describe("rotation", () => {
  test("hands out a new refresh token and a new access token of the same session, and audits it", async () => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(second.session.id).toBe(first.session.id);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: second.accessToken })).me?.id).toBe(first.user.id);
    expect(await stateOf(first.session.id)).toEqual({ generation: 1, end_reason: null, live: true });
    expect(await auditCounts(first.session.id)).toEqual({ REGISTERED: 1, TOKEN_REFRESHED: 1 });
  });

  test("changes the session's row and adds none", async () => {
    const { session, refreshToken } = await gateway.register();
    let token = refreshToken;
    for (let round = 0; round < 5; round += 1) token = (await refreshed(token)).refreshToken;
    const [count] = await gateway.database.sql`select count(*)::int as n from sessions where user_id =
      (select user_id from sessions where id = ${session.id})`;
    expect(count?.n).toBe(1);
    expect(await stateOf(session.id)).toMatchObject({ generation: 5 });
  });

  test("stays a heap-only update, so that no index grows with it", async ({ skip }) => {
    skip(inject("isCitus"), "Of a Citus, the statistics are at the workers.");
    let { refreshToken } = await gateway.register();
    for (let round = 0; round < 20; round += 1) refreshToken = (await refreshed(refreshToken)).refreshToken;
    await gateway.database.sql`select pg_stat_force_next_flush()`.catch(() => undefined);
    const readStatistics = async () => {
      const [row] = await gateway.database
        .sql`select n_tup_upd::int as updated, n_tup_hot_upd::int as hot from pg_stat_user_tables where relname = 'sessions'`;
      return row;
    };
    await expect.poll(async () => (await readStatistics())?.updated).toBeGreaterThanOrEqual(20);
    const statistics = await readStatistics();
    expect(statistics?.hot).toBe(statistics?.updated);
  });
});

describe("a retry", () => {
  test("of the direct predecessor gets the same successor, while that is unused", async () => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken);
    const again = await refreshed(first.refreshToken);
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(again.session.id).toBe(first.session.id);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: again.accessToken })).me?.id).toBe(first.user.id);
    expect(await stateOf(first.session.id)).toMatchObject({ generation: 1, live: true });
    expect(await auditCounts(first.session.id)).toEqual({ REGISTERED: 1, TOKEN_REFRESHED: 1, REFRESH_REPLAYED: 1 });
    expect((await refreshed(second.refreshToken)).session.id).toBe(first.session.id);
  });

  test("after the grace period is a reuse", async () => {
    const first = await gateway.register();
    await refreshed(first.refreshToken);
    gateway.clock.advance(29);
    await refreshed(first.refreshToken);
    gateway.clock.advance(2);
    expect(codesOf(await refresh(first.refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await stateOf(first.session.id)).toMatchObject({ end_reason: "REUSE_DETECTED", live: false });
  });
});

describe("a reused refresh token", () => {
  test("ends its session for good, refuses its access tokens, and leaves the user's other session alone", async () => {
    const first = await gateway.register();
    const other = await gateway.login(first.user.email);
    const second = await refreshed(first.refreshToken);
    const third = await refreshed(second.refreshToken);
    const reply = await refresh(first.refreshToken);
    expect(codesOf(reply)).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(reply.data).toBeNull();
    expect(await stateOf(first.session.id)).toEqual({ generation: 2, end_reason: "REUSE_DETECTED", live: false });
    expect(await auditCounts(first.session.id)).toMatchObject({ REFRESH_REUSED: 1 });
    for (const { accessToken } of [first, second, third]) {
      expect(reasonOf(await gateway.send(MeDocument, {}, { token: accessToken }))).toBe("revoked");
    }
    const refused = await refresh(third.refreshToken);
    expect(refused.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "REUSE_DETECTED" });
    expect(dataOf(await gateway.send(MeDocument, {}, { token: other.accessToken })).me?.id).toBe(first.user.id);
    expect((await refreshed(other.refreshToken)).session.id).toBe(other.session.id);
  });

  test("is logged as a security event, without the token", async () => {
    const first = await gateway.register();
    await refreshed((await refreshed(first.refreshToken)).refreshToken);
    await refresh(first.refreshToken);
    const line = gateway.logs.findLast((entry) => entry.msg === "REFRESH_REUSED");
    expect(line).toMatchObject({ level: 40, event: { sessionId: first.session.id, userId: first.user.id, succeeded: false } });
    expect(JSON.stringify(gateway.logs)).not.toContain("rt2_");
  });
});

describe("a token that is not genuine", () => {
  test.each([
    ["with wrong secrets", (bytes: Buffer) => bytes.fill(7, 16)],
    ["with a wrong family secret", (bytes: Buffer) => bytes.fill(7, 16, 48)],
    ["of an unknown session", (bytes: Buffer) => bytes.fill(7, 0, 6)],
  ])("%s is refused and changes nothing", async (_name, change) => {
    const { session, refreshToken } = await gateway.register();
    const reply = await refresh(forge(refreshToken, change));
    expect(codesOf(reply)).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(await stateOf(session.id)).toEqual({ generation: 0, end_reason: null, live: true });
    expect(dataOf(await gateway.send(LogoutDocument, { input: { refreshToken: forge(refreshToken, change) } })).logout.endedSessions).toBe(
      0,
    );
    expect((await refreshed(refreshToken)).session.id).toBe(session.id);
  });

  test.each([
    ["missing", null],
    ["empty", ""],
    ["of another kind", "eyJhbGciOiJub25lIn0.e30."],
    ["too short", "rt2_AAAA"],
    ["too long", `rt2_${"A".repeat(2000)}`],
    ["not base64url", `rt2_${"!".repeat(128)}`],
  ])("because it is %s is refused", async (_name, refreshToken) => {
    expect(codesOf(await refresh(refreshToken))).toEqual(["INVALID_REFRESH_TOKEN"]);
  });

  test("has one spelling only: other encodings of the same bytes are refused", async () => {
    const { refreshToken } = await gateway.register();
    const token = refreshToken ?? "";
    // The other alphabet, which decoders take as well; hardly ever there is nothing in it that is spelt otherwise.
    const sibling = `rt2_${token.slice(4).replaceAll("-", "+").replaceAll("_", "/")}`;
    const others = [`${token}=`, ` ${token}`, token.replace("rt2_", "RT2_"), `${token.slice(0, 60)}\n${token.slice(60)}`];
    for (const spelling of [sibling, ...others].filter((each) => each !== token)) {
      expect(codesOf(await refresh(spelling))).toEqual(["INVALID_REFRESH_TOKEN"]);
    }
    expect((await refreshed(token)).refreshToken).not.toBe(token);
  });
});

describe("a reader of the database", () => {
  test("cannot refresh with anything that stands in the sessions table", async () => {
    const { session, refreshToken } = await gateway.register();
    await refreshed(refreshToken);
    const [row] = await gateway.database.sql`select * from sessions where id = ${session.id}`;
    const blobs: Buffer[] = [row?.family_hash, row?.current_hash, row?.previous_hash, row?.rotation_nonce];
    expect(blobs.every((blob) => Buffer.isBuffer(blob) && blob.length === 32)).toBe(true);
    const ids = Buffer.from(`${row?.user_id}${session.id}`.replaceAll("-", ""), "hex");
    for (const family of blobs) {
      for (const secret of blobs) {
        const token = `rt2_${Buffer.concat([ids, family, secret]).toString("base64url")}`;
        expect(codesOf(await refresh(token))).toEqual(["INVALID_REFRESH_TOKEN"]);
      }
    }
    expect(await stateOf(session.id)).toMatchObject({ live: true, generation: 1 });
  });
});

describe("expiry", () => {
  test("without use ends a session after its idle lifetime, and use puts that off", async () => {
    const day = 86_400;
    const first = await gateway.register();
    gateway.clock.advance(13 * day);
    const second = await refreshed(first.refreshToken);
    gateway.clock.advance(13 * day);
    const third = await refreshed(second.refreshToken);
    expect(third.session.expiresAt).toBe(first.session.expiresAt);
    gateway.clock.advance(14 * day + 1);
    const reply = await refresh(third.refreshToken);
    expect(reply.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "EXPIRED" });
  });

  test("in any case comes at the absolute end, which rotation never extends", async () => {
    const day = 86_400;
    let held = await gateway.register();
    const { expiresAt } = held.session;
    for (let elapsed = 0; elapsed < 84; elapsed += 12) {
      gateway.clock.advance(12 * day);
      held = await refreshed(held.refreshToken);
      expect(held.session.expiresAt).toBe(expiresAt);
      expect(Date.parse(held.session.idleExpiresAt)).toBeLessThanOrEqual(Date.parse(expiresAt));
    }
    gateway.clock.advance(6 * day);
    const reply = await refresh(held.refreshToken);
    expect(reply.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "EXPIRED" });
  });

  test("is not hastened by an old token of an expired session: it is ended, not reused", async () => {
    const first = await gateway.register();
    await refreshed((await refreshed(first.refreshToken)).refreshToken);
    gateway.clock.advance(91 * 86_400);
    expect(codesOf(await refresh(first.refreshToken))).toEqual(["SESSION_ENDED"]);
  });
});

test("a refresh carries the roles that the user has now", async () => {
  const first = await gateway.register();
  await gateway.database.sql`update users set roles = array['user', 'admin'] where id = ${first.user.id}`;
  const second = await refreshed(first.refreshToken);
  expect(second.user.roles).toEqual(["user", "admin"]);
  expect(dataOf(await gateway.send(MeDocument, {}, { token: second.accessToken })).me?.roles).toEqual(["user", "admin"]);
});

test("a disabled user's refresh token opens nothing, current or sent again", async () => {
  const first = await gateway.register();
  const second = await refreshed(first.refreshToken);
  await gateway.database.sql`update users set status = 'DISABLED' where id = ${first.user.id}`;
  for (const token of [second.refreshToken, first.refreshToken]) {
    const reply = await refresh(token);
    expect(reply.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "USER_DISABLED" });
  }
});
