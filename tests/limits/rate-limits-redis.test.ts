import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codesOf, type Reply } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../support/databases/redis.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const LIMITS = "{ default: { max: 7, window: 1h }, Mutation.login: { max: 5, window: 1h } }";

describe.skipIf(!hasRedis)("with REDIS_URL", () => {
  let database: TestDatabase;
  let redis: TestRedis;
  let gateways: readonly [TestGateway, TestGateway];

  beforeAll(async () => {
    [database, redis] = await Promise.all([createTestDatabase(), startTestRedis()]);
    const options = { database, limits: LIMITS, env: { REDIS_URL: redis.url, TRUSTED_PROXIES: "127.0.0.1" } };
    gateways = [await startTestGateway(options), await startTestGateway(options)];
    // Whichever connected too late has told of it by now.
    await until(() => gateways.every((gateway) => latestWord(gateway) !== "away"), 5000);
  });
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    redis.resume();
    await redis.kill();
    await database.drop();
  });

  const words = (gateway: TestGateway) =>
    gateway.logs.flatMap(({ msg }) => (String(msg).startsWith("Redis is ") ? [String(msg).includes("back") ? "back" : "away"] : []));
  const latestWord = (gateway: TestGateway) => words(gateway).at(-1);
  const isBack = () => gateways.every((gateway) => latestWord(gateway) === "back");

  const me = (gateway: TestGateway, address: string) =>
    gateway.post({ query: "{ me { id } }" }, { headers: { "x-forwarded-for": address } });
  const guess = (gateway: TestGateway, address: string, email = "ada@example.com") =>
    gateway.post(
      { query: `mutation { login(input: { email: "${email}", password: "wrong password" }) { expiresIn } }` },
      { headers: { "x-forwarded-for": address } },
    );
  const admitted = (replies: readonly Reply<unknown>[]) => replies.filter((reply) => !codesOf(reply).includes("RATE_LIMITED")).length;
  const spread = (count: number, work: (gateway: TestGateway) => Promise<Reply<unknown>>) =>
    Promise.all(Array.from({ length: count }, (_, index) => work(gateways[index % 2] ?? gateways[0])));

  test("all processes count together, and PostgreSQL is not asked", async () => {
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.1")))).toBe(7);
    expect(admitted(await spread(30, (gateway) => guess(gateway, "203.0.113.1")))).toBe(5);
    expect(await database.sql`select * from rate_limits`).toHaveLength(0);
    expect(await database.sql`select * from audit_events where type = 'RATE_LIMITED'`).toHaveLength(1);
  });

  test("killed under load, Redis is missed by nobody: memory takes over, and gives way when it is back", async () => {
    const codes = new Set<string>();
    let isLoaded = true;
    const load = Promise.all(
      Array.from({ length: 16 }, async (_, caller) => {
        for (let index = 0; isLoaded; index += 1) {
          const reply = await me(gateways[index % 2] ?? gateways[0], `10.${caller}.${Math.floor(index / 200)}.${index % 200}`);
          for (const code of codesOf(reply)) codes.add(code);
        }
      }),
    );
    const guesses = Promise.all(
      [1, 2].map(async (guesser) => {
        for (let index = 0; isLoaded; index += 1) {
          const gateway = gateways[index % 2] ?? gateways[0];
          const reply = await guess(gateway, `10.100.${guesser}.${index}`, `user-${guesser}-${index}@example.com`);
          for (const code of codesOf(reply)) codes.add(code);
        }
      }),
    );
    await redis.kill();
    await until(() => gateways.every((gateway) => latestWord(gateway) === "away"), 5000);
    // Each process by itself now.
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.2")))).toBe(14);
    expect(admitted(await spread(30, (gateway) => guess(gateway, "203.0.113.2")))).toBe(10);
    await redis.start();
    await until(isBack, 10_000);
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.3")))).toBe(7);
    expect(admitted(await spread(30, (gateway) => guess(gateway, "203.0.113.3")))).toBe(5);
    isLoaded = false;
    await Promise.all([load, guesses]);
    expect(codes).toEqual(new Set(["UNAUTHENTICATED", "INVALID_CREDENTIALS"]));
    for (const gateway of gateways) expect(words(gateway).slice(-2)).toEqual(["away", "back"]);
  });

  test("a Redis that hangs holds nobody up for longer than its deadline", async () => {
    redis.freeze();
    expect(admitted(await spread(20, (gateway) => me(gateway, "203.0.113.4")))).toBe(14);
    await spread(20, (gateway) => me(gateway, "203.0.113.5"));
    redis.resume();
    await until(isBack, 10_000);
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.6")))).toBe(7);
  });

  test("a Redis that answers and refuses writes is away, once, until it takes them again", async () => {
    const before = gateways.map((gateway) => words(gateway).length);
    await redis.refuseWrites();
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.7")))).toBe(14);
    // Both have probed it several times, and callers came between.
    const failed = await redis.failedScripts();
    await until(async () => {
      expect(codesOf(await me(gateways[0], "203.0.113.8"))).toHaveLength(1);
      return (await redis.failedScripts()) >= failed + 6;
    }, 10_000);
    expect(gateways.map((gateway, index) => words(gateway).slice(before[index]))).toEqual([["away"], ["away"]]);
    await redis.takeWrites();
    await until(isBack, 10_000);
    expect(admitted(await spread(60, (gateway) => me(gateway, "203.0.113.9")))).toBe(7);
  });

  test("a server starts without its Redis, and finds it later", async () => {
    await redis.kill();
    const early = await startTestGateway({ database, limits: LIMITS, env: { REDIS_URL: redis.url } });
    expect(codesOf(await me(early, ""))).toEqual(["UNAUTHENTICATED"]);
    await redis.start();
    await until(() => latestWord(early) === "back", 10_000);
    await early.close();
  });
});
