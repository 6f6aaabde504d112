import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, MeDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { messagesTo } from "../support/mail/outbox.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

const DAY = 86_400;
const KEY = "a-key-of-this-refresh-0123456789";
const HOME = { "x-forwarded-for": "203.0.113.7", "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
const TRAIN = { ...HOME, "x-forwarded-for": "198.51.100.20" };
const THIEF = { "x-forwarded-for": "192.0.2.66", "user-agent": "curl/8.14.1" };

interface From {
  readonly retryKey?: string;
  readonly headers?: Record<string, string>;
}

function refresh(refreshToken: string | null, { retryKey, headers = HOME }: From = {}) {
  return gateway.send(RefreshDocument, { input: { refreshToken, ...(retryKey !== undefined && { retryKey }) } }, { headers });
}

async function refreshed(refreshToken: string | null, from?: From): Promise<AuthFieldsFragment> {
  return dataOf(await refresh(refreshToken, from)).refresh;
}

async function endOf(sessionId: string): Promise<string | null> {
  const [row] = await gateway.database.sql`select end_reason from sessions where id = ${sessionId}`;
  return row?.end_reason;
}

/** A session after a few rotations, with the token that is current. */
async function sessionAfter(rotations: number): Promise<AuthFieldsFragment> {
  let held = await gateway.register();
  for (let rotation = 0; rotation < rotations; rotation += 1) held = await refreshed(held.refreshToken);
  return held;
}

describe("a retry that proves itself is never punished", () => {
  test.each([
    ["after the grace period", 36],
    ["after a night", 8 * 3600],
    ["after a holiday within the session's idle lifetime", 13 * DAY],
  ])("%s it gets the same successor", async (_name, seconds) => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken, { retryKey: KEY });
    gateway.clock.advance(seconds);
    const again = await refreshed(first.refreshToken, { retryKey: KEY });
    expect(again.refreshToken).toBe(second.refreshToken);
    expect(dataOf(await gateway.send(MeDocument, {}, { token: again.accessToken })).me?.id).toBe(first.user.id);
    expect((await refreshed(again.refreshToken)).session.id).toBe(first.session.id);
  });

  test("from whatever network and however often it comes", async () => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken, { retryKey: KEY });
    for (const headers of [TRAIN, THIEF, TRAIN, HOME, THIEF]) {
      gateway.clock.advance(40);
      expect((await refreshed(first.refreshToken, { retryKey: KEY, headers })).refreshToken).toBe(second.refreshToken);
    }
    expect(await endOf(first.session.id)).toBeNull();
  });

  test("until the successor is first used: after that it is a reuse, also with the key", async () => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken, { retryKey: KEY });
    await refreshed(second.refreshToken);
    expect(codesOf(await refresh(first.refreshToken, { retryKey: KEY }))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await endOf(first.session.id)).toBe("REUSE_DETECTED");
  });

  test("of a session that has ended or expired opens nothing", async () => {
    const first = await gateway.register();
    await refreshed(first.refreshToken, { retryKey: KEY });
    gateway.clock.advance(15 * DAY);
    const reply = await refresh(first.refreshToken, { retryKey: KEY });
    expect(reply.errors[0]?.extensions).toEqual({ code: "SESSION_ENDED", endReason: "EXPIRED" });
  });

  test("two refreshes at once with keys of their own get one successor, and the key of the one that rotated goes on proving", async () => {
    const first = await gateway.register();
    const keys = ["key-of-the-first-tab", "key-of-the-second-tab"];
    const answers = await Promise.all(keys.map((retryKey) => refreshed(first.refreshToken, { retryKey })));
    expect(answers[0]?.refreshToken).toBe(answers[1]?.refreshToken);
    gateway.clock.advance(60);
    const late = await Promise.all(keys.map((retryKey) => refresh(first.refreshToken, { retryKey })));
    expect(late.flatMap(codesOf)).toContain("REFRESH_TOKEN_REUSED");
  });
});

describe("what proves no retry", () => {
  test.each([
    ["no key", undefined],
    ["another key", "some-other-key-0123456789"],
  ])("%s is answered within 30 seconds, and a reuse after that", async (_name, retryKey) => {
    const from = retryKey === undefined ? {} : { retryKey };
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken, { retryKey: KEY });
    gateway.clock.advance(29);
    expect((await refreshed(first.refreshToken, from)).refreshToken).toBe(second.refreshToken);
    gateway.clock.advance(2);
    expect(codesOf(await refresh(first.refreshToken, from))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await endOf(first.session.id)).toBe("REUSE_DETECTED");
  });

  test("a key proves the refresh that it was sent with, and no later one of a client that sends one key for ever", async () => {
    const first = await gateway.register();
    const second = await refreshed(first.refreshToken, { retryKey: KEY });
    await refreshed(second.refreshToken);
    gateway.clock.advance(60);
    expect(codesOf(await refresh(second.refreshToken, { retryKey: KEY }))).toEqual(["REFRESH_TOKEN_REUSED"]);
  });

  test("a key does not make a forged token genuine, and ends nothing", async () => {
    const first = await gateway.register();
    await refreshed(first.refreshToken, { retryKey: KEY });
    const bytes = Buffer.from((first.refreshToken ?? "").slice(4), "base64url").fill(7, 32, 64);
    const forged = `rt2_${bytes.toString("base64url")}`;
    expect(codesOf(await refresh(forged, { retryKey: KEY }))).toEqual(["INVALID_REFRESH_TOKEN"]);
    expect(await endOf(first.session.id)).toBeNull();
  });

  test.each([
    ["too short", "a".repeat(15)],
    ["too long", "a".repeat(65)],
    ["empty", ""],
    ["with a space", "sixteen and more characters"],
    ["with a letter beyond ASCII", `é${"a".repeat(20)}`],
    ["with a control character", `\n${"a".repeat(20)}`],
  ])("a key that is %s is refused before anything is done", async (_name, retryKey) => {
    const first = await gateway.register();
    const reply = await refresh(first.refreshToken, { retryKey });
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", fields: { retryKey: [expect.any(String)] } });
    const [row] = await gateway.database.sql`select generation from sessions where id = ${first.session.id}`;
    expect(row?.generation).toBe(0);
  });

  test("the database holds no key", async () => {
    const first = await gateway.register();
    await refreshed(first.refreshToken, { retryKey: KEY });
    const [row] = await gateway.database.sql`select retry_hash, sessions::text as all from sessions where id = ${first.session.id}`;
    expect(row?.retry_hash).toHaveLength(32);
    expect(row?.all).not.toContain(Buffer.from(KEY).toString("hex"));
    expect(JSON.stringify(gateway.logs)).not.toContain(KEY);
  });
});

describe("a follower is found by the second generation", () => {
  test.each([
    ["another network and program", THIEF],
    ["another network", TRAIN],
    ["another program", { ...HOME, "user-agent": "curl/8.14.1" }],
    ["a network of the newer kind", { ...HOME, "x-forwarded-for": "2001:db8:1::7" }],
  ])("from %s the predecessor is answered once, and ends the session the second time", async (_name, headers) => {
    const first = await sessionAfter(1);
    const second = await refreshed(first.refreshToken);
    expect((await refreshed(first.refreshToken, { headers })).refreshToken).toBe(second.refreshToken);
    const third = await refreshed(second.refreshToken);
    expect(codesOf(await refresh(second.refreshToken, { headers }))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await endOf(first.session.id)).toBe("REUSE_DETECTED");
    expect(codesOf(await refresh(third.refreshToken))).toEqual(["SESSION_ENDED"]);
  });

  test("also where it comes twice for one rotation", async () => {
    const first = await gateway.register();
    await refreshed(first.refreshToken);
    await refreshed(first.refreshToken, { headers: THIEF });
    expect(codesOf(await refresh(first.refreshToken, { headers: THIEF }))).toEqual(["REFRESH_TOKEN_REUSED"]);
  });

  test("and the owner is told", async () => {
    const first = await gateway.register();
    await gateway.database.sql`update users set email_verified = true where id = ${first.user.id}`;
    await refreshed(first.refreshToken);
    await refreshed(first.refreshToken, { headers: THIEF });
    await refresh(first.refreshToken, { headers: THIEF });
    expect((await messagesTo(gateway, first.user.email)).map(({ content }) => content.template)).toContain("token_reused");
  });

  test("a network that changes once in ten refreshes costs nobody the session", async () => {
    let held = await gateway.register();
    for (let round = 0; round < 3; round += 1) {
      const next = await refreshed(held.refreshToken);
      expect((await refreshed(held.refreshToken, { headers: TRAIN })).refreshToken).toBe(next.refreshToken);
      held = next;
      for (let refreshes = 0; refreshes < 9; refreshes += 1) held = await refreshed(held.refreshToken, { headers: TRAIN });
    }
    expect(await endOf(held.session.id)).toBeNull();
  });

  test.each([
    ["another address of the network", { ...HOME, "x-forwarded-for": "203.0.113.250" }],
    ["a newer version of the program", { ...HOME, "user-agent": HOME["user-agent"].replaceAll("140", "141") }],
  ])("%s is no other client", async (_name, headers) => {
    let held = await gateway.register();
    for (let round = 0; round < 4; round += 1) {
      const next = await refreshed(held.refreshToken);
      expect((await refreshed(held.refreshToken, { headers })).refreshToken).toBe(next.refreshToken);
      held = next;
    }
  });

  test("two tabs, and a page that is rendered by a server which forwards address and program, refresh at once for ever", async () => {
    let held = await gateway.register();
    for (let round = 0; round < 5; round += 1) {
      const byServer = { ...HOME, "x-forwarded-for": "203.0.113.7, 127.0.0.1" };
      const answers = await Promise.all([HOME, HOME, byServer].map((headers) => refreshed(held.refreshToken, { headers })));
      expect(new Set(answers.map(({ refreshToken }) => refreshToken)).size).toBe(1);
      held = answers[0] ?? held;
    }
    expect(await endOf(held.session.id)).toBeNull();
  });

  test("who rotates a stolen token first is found by the owner's own refreshes", async () => {
    const first = await gateway.register();
    const stolen = await refreshed(first.refreshToken, { headers: THIEF });
    expect((await refreshed(first.refreshToken)).refreshToken).toBe(stolen.refreshToken);
    await refreshed(stolen.refreshToken, { headers: THIEF });
    expect(codesOf(await refresh(stolen.refreshToken))).toEqual(["REFRESH_TOKEN_REUSED"]);
    expect(await endOf(first.session.id)).toBe("REUSE_DETECTED");
  });
});
