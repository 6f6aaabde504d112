import jwt from "jsonwebtoken";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { LogoutDocument, MeFromTokenDocument, RefreshDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import type { TestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";
import { until } from "../support/until.ts";

/** Stands still between advances, at a whole second: lifetimes can be tried at their very ends. */
function createStandingClock(): TestClock {
  let now = Math.floor(Date.now() / 1000) * 1000;
  return {
    now: () => new Date(now),
    advance(seconds) {
      now += seconds * 1000;
    },
  };
}

const running: TestGateway[] = [];
const databases: TestDatabase[] = [];
async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway({ clock: createStandingClock(), ...options });
  running.push(gateway);
  return gateway;
}
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

/** "me", or why not. */
async function outcomeOf(gateway: TestGateway, token: string): Promise<unknown> {
  const reply = await gateway.send(MeFromTokenDocument, {}, { token });
  expect(reply.status).toBe(200);
  return reply.data?.me === null ? reply.errors[0]?.extensions.reason : "me";
}

function expiryOf(token: string): number {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()).exp;
}

const secondsOf = (date: string | Date) => new Date(date).getTime() / 1000;

describe("the absolute end of a session", () => {
  const env = { ACCESS_TOKEN_TTL: "10m", SESSION_IDLE_TTL: "25m", SESSION_MAX_TTL: "25m" };

  test("is never outlived by a token: those near it are shorter", async () => {
    const gateway = await start({ env });
    const { clock } = gateway;
    const first = await gateway.register();
    const end = secondsOf(first.session.expiresAt);
    expect(end).toBe(secondsOf(clock.now()) + 1500);
    expect([first.expiresIn, expiryOf(first.accessToken)]).toEqual([600, end - 900]);

    clock.advance(900);
    const { refresh: second } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }));
    expect([second.expiresIn, expiryOf(second.accessToken)]).toEqual([600, end]);

    clock.advance(599);
    const { refresh: third } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: second.refreshToken } }));
    expect([third.expiresIn, expiryOf(third.accessToken)]).toEqual([1, end]);
    expect(await outcomeOf(gateway, third.accessToken)).toBe("me");

    clock.advance(0.999);
    const { refresh: last } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: third.refreshToken } }));
    expect([last.expiresIn, expiryOf(last.accessToken)]).toEqual([1, end]);

    clock.advance(5);
    expect(await outcomeOf(gateway, last.accessToken)).toBe("me");
    clock.advance(0.001);
    expect(await Promise.all([second, third, last].map(({ accessToken }) => outcomeOf(gateway, accessToken)))).toEqual(
      Array(3).fill("expired"),
    );
    const reply = await gateway.send(RefreshDocument, { input: { refreshToken: last.refreshToken } });
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "SESSION_ENDED", endReason: "EXPIRED" });
  });

  test("also between two whole seconds", async () => {
    const gateway = await start({ env });
    gateway.clock.advance(0.9);
    const first = await gateway.register();
    gateway.clock.advance(1499.5);
    const { refresh } = dataOf(await gateway.send(RefreshDocument, { input: { refreshToken: first.refreshToken } }));
    expect(expiryOf(refresh.accessToken)).toBeLessThanOrEqual(secondsOf(first.session.expiresAt));
    expect(refresh.expiresIn).toBeGreaterThanOrEqual(0);
  });
});

describe("a token that was verified before", () => {
  let gateway: TestGateway;
  beforeEach(async () => {
    gateway = await start();
  });

  test("costs no second signature check", async () => {
    const { accessToken } = await gateway.register();
    const check = vi.spyOn(jwt, "verify");
    for (let use = 0; use < 5; use += 1) expect(await outcomeOf(gateway, accessToken)).toBe("me");
    expect(check).toHaveBeenCalledTimes(1);
    const other = await gateway.register();
    expect(await outcomeOf(gateway, other.accessToken)).toBe("me");
    expect(check).toHaveBeenCalledTimes(2);
  });

  test("lends nothing to one that only looks like it", async () => {
    const { accessToken } = await gateway.register();
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
    const check = vi.spyOn(jwt, "verify");
    const [header, payload] = accessToken.split(".");
    expect(await outcomeOf(gateway, `${header}.${payload}.${"A".repeat(86)}`)).toBe("invalid_signature");
    expect(await outcomeOf(gateway, `${header}.${payload}.${"A".repeat(86)}`)).toBe("invalid_signature");
    expect(check).toHaveBeenCalledTimes(2);
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
  });

  test("expires to the millisecond, five seconds of tolerance later", async () => {
    const { accessToken } = await gateway.register();
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
    gateway.clock.advance(904.999);
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
    gateway.clock.advance(0.001);
    expect(await outcomeOf(gateway, accessToken)).toBe("expired");
    expect(await outcomeOf(gateway, accessToken)).toBe("expired");
  });

  test("is revoked with its session, the user's other one not", async () => {
    const first = await gateway.register();
    const second = await gateway.login(first.user.email);
    for (const { accessToken } of [first, second]) expect(await outcomeOf(gateway, accessToken)).toBe("me");
    dataOf(await gateway.send(LogoutDocument, {}, { token: first.accessToken }));
    expect(await outcomeOf(gateway, first.accessToken)).toBe("revoked");
    expect(await outcomeOf(gateway, second.accessToken)).toBe("me");
    gateway.clock.advance(904.999);
    expect(await outcomeOf(gateway, first.accessToken)).toBe("revoked");
    gateway.clock.advance(0.001);
    expect(await outcomeOf(gateway, first.accessToken)).toBe("expired");
  });

  test("is refused once its key is removed, as after a theft of the key", async () => {
    const { accessToken, user } = await gateway.register();
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
    await gateway.database.sql`delete from signing_keys`;
    await gateway.auth.signingKeys.maintain();
    expect(await outcomeOf(gateway, accessToken)).toBe("unknown_key");
    const again = await gateway.login(user.email);
    expect(await outcomeOf(gateway, again.accessToken)).toBe("me");
  });
});

describe("processes with different ACCESS_TOKEN_TTLs, as during a restart that changes it,", () => {
  /** One process issues, another ends the session; ten minutes later a third is asked. */
  async function outcomeAfterLogout(ttls: { issued: string; ended: string; asked: string }): Promise<unknown> {
    const database = await createTestDatabase();
    databases.push(database);
    const clock = createStandingClock();
    const [issuer, ender] = [
      await start({ database, clock, env: { ACCESS_TOKEN_TTL: ttls.issued } }),
      await start({ database, clock, env: { ACCESS_TOKEN_TTL: ttls.ended } }),
    ];
    const { accessToken, refreshToken } = await issuer.register();
    expect(await outcomeOf(ender, accessToken)).toBe("me");
    expect(dataOf(await ender.send(LogoutDocument, { input: { refreshToken } })).logout.endedSessions).toBe(1);
    expect(await outcomeOf(ender, accessToken)).toBe("revoked");
    clock.advance(600);
    const asked = await start({ database, clock, env: { ACCESS_TOKEN_TTL: ttls.asked } });
    return outcomeOf(asked, accessToken);
  }

  test.each([
    ["shortened from 24 hours to a minute", { issued: "24h", ended: "1m", asked: "1m" }],
    ["lengthened from 5 minutes to an hour", { issued: "1h", ended: "5m", asked: "1h" }],
  ])("never bring the token of an ended session back to life: %s", async (_name, ttls) => {
    expect(await outcomeAfterLogout(ttls)).toMatch(/^(revoked|expired)$/);
  });

  test("not the token of a retried refresh either, which may live longer than the one that it answers again", async () => {
    const database = await createTestDatabase();
    databases.push(database);
    const clock = createStandingClock();
    const [short, long] = [
      await start({ database, clock, env: { ACCESS_TOKEN_TTL: "1m" } }),
      await start({ database, clock, env: { ACCESS_TOKEN_TTL: "24h" } }),
    ];
    const { refreshToken } = await short.register();
    const input = { refreshToken };
    dataOf(await short.send(RefreshDocument, { input }));
    const { refresh: retried } = dataOf(await long.send(RefreshDocument, { input }));
    expect(await outcomeOf(long, retried.accessToken)).toBe("me");
    dataOf(await long.send(LogoutDocument, { input: { refreshToken: retried.refreshToken } }));
    expect(await outcomeOf(long, retried.accessToken)).toBe("revoked");
    clock.advance(3600);
    const asked = await start({ database, clock, env: { ACCESS_TOKEN_TTL: "24h" } });
    expect(await outcomeOf(asked, retried.accessToken)).toMatch(/^(revoked|expired)$/);
  });
});

test("processes whose clocks are a minute apart take each other's tokens, and end each other's sessions", async () => {
  const database = await createTestDatabase();
  databases.push(database);
  const clocks = [createStandingClock(), createStandingClock()] as const;
  clocks[0].advance(60);
  const [ahead, behind] = [await start({ database, clock: clocks[0] }), await start({ database, clock: clocks[1] })];
  for (const [one, other] of [
    [ahead, behind],
    [behind, ahead],
  ] as const) {
    const { accessToken } = await one.register();
    expect(await outcomeOf(other, accessToken)).toBe("me");
    dataOf(await other.send(LogoutDocument, {}, { token: accessToken }));
    expect(await outcomeOf(other, accessToken)).toBe("revoked");
    await until(async () => (await outcomeOf(one, accessToken)) === "revoked", 5000);
  }
  clocks[0].advance(1);
  expect(await outcomeOf(behind, (await ahead.register()).accessToken)).toBe("not_yet_valid");
});
