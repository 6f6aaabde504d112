import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LoginDocument, RegisterDocument, UnlockUserDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { hasRedis, startTestRedis, type TestRedis } from "../support/databases/redis.ts";
import { startTestGateway, TEST_SECRET, type TestGateway } from "../support/gateway.ts";
import { runCommand, runCommandAlone } from "../support/processes/command-line.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";

const PATIENCE = 10_000;
const limits = "{ failedLoginsPerAccount: { max: 2, window: 1h }, Mutation.login: { max: 100000, window: 1h } }";
let database: TestDatabase;
let redis: TestRedis | undefined;
beforeAll(async () => {
  [database, redis] = await Promise.all([createTestDatabase(), hasRedis ? startTestRedis() : undefined]);
});
afterAll(async () => {
  await redis?.kill();
  await database.drop();
});

describe.each([
  ["PostgreSQL", true],
  ["Redis", hasRedis],
])("an account that limits have locked, counted in %s", (name, isThere) => {
  let gateways: readonly TestGateway[] = [];
  const env = (): Record<string, string> => (name === "Redis" && redis ? { REDIS_URL: redis.url } : {});
  beforeAll(async () => {
    if (isThere)
      gateways = [await startTestGateway({ database, limits, env: env() }), await startTestGateway({ database, limits, env: env() })];
  });
  afterAll(() => Promise.all(gateways.map((gateway) => gateway.close())));

  const logIn = async (email: string, password: string, gateway = gateways[0]) => {
    const reply = await gateway?.send(LoginDocument, { input: { email, password } });
    return reply && (codesOf(reply)[0] ?? "signed in");
  };

  /** Somebody whose password was guessed at, and who cannot sign in any more. */
  async function locked(): Promise<{ id: string; email: string }> {
    const { user } = (await gateways[0]?.register()) ?? expect.fail("there is no gateway");
    for (let guess = 0; guess < 2; guess += 1) await logIn(user.email, "not the password");
    for (const gateway of gateways) expect(await logIn(user.email, PASSWORD, gateway)).toBe("RATE_LIMITED");
    return user;
  }

  const isOpenEverywhere = (email: string) =>
    until(async () => {
      const outcomes = await Promise.all(gateways.map((gateway) => logIn(email, PASSWORD, gateway)));
      return outcomes.every((outcome) => outcome === "signed in");
    }, PATIENCE);

  test.runIf(isThere)("is opened by `unlock EMAIL`, in every process, which is audited as the operator's", async () => {
    const { id, email } = await locked();
    const given = { SECRET: TEST_SECRET, DATABASE_URL: database.url, ...env() };
    const typed = ` ${email.toUpperCase()}`;
    expect(await runCommand(["unlock", typed], { env: given })).toEqual({ code: 0, stdout: `Unlocked ${email}.\n`, stderr: "" });
    await isOpenEverywhere(email);
    const entries = await database.sql`select actor_id, detail from audit_events where user_id = ${id} and type = 'USER_UNLOCKED'`;
    expect(entries).toEqual([{ actor_id: null, detail: { by: "operator" } }]);
  });

  test.runIf(isThere)("is opened by an admin's unlockUser, in every process", async () => {
    const { id, email } = await locked();
    const { accessToken: token } = (await gateways[0]?.registerAdmin()) ?? expect.fail("there is no gateway");
    dataOf((await gateways[0]?.send(UnlockUserDocument, { userId: id }, { token })) ?? expect.fail("there is no gateway"));
    await isOpenEverywhere(email);
  });
});

describe("unlock", () => {
  const given = () => ({ SECRET: TEST_SECRET, DATABASE_URL: database.url });
  test("forgets also what was counted for registering with the address", async () => {
    const env = { EMAIL_VERIFICATION: "required" };
    const gateway = await startTestGateway({ database, limits: "{ messagesPerAddress: { max: 1, window: 1h } }", env });
    const email = "registered@example.com";
    const register = async () => codesOf(await gateway.send(RegisterDocument, { input: { email, password: PASSWORD } }));
    expect(await register()).toEqual(["EMAIL_NOT_VERIFIED"]);
    expect(await register()).toEqual(["RATE_LIMITED"]);
    expect(await runCommand(["unlock", email], { env: given() })).toMatchObject({ code: 0 });
    await until(async () => (await register())[0] === "EMAIL_NOT_VERIFIED", PATIENCE);
    await gateway.close();
  });

  test("of an address that no account has says so, and notes nothing", async () => {
    const before = await database.sql`select id from audit_events order by id`;
    const { code, stderr } = await runCommand(["unlock", "nobody@example.com"], { env: given() });
    expect([code, stderr]).toEqual([1, "No account has this e-mail address.\n"]);
    expect(await database.sql`select id from audit_events order by id`).toEqual(before);
  });

  test("does nothing, and says why, where Redis is out of reach", async () => {
    const before = await database.sql`select id from audit_events order by id`;
    const { code, stderr } = await runCommandAlone(["unlock", "ada@example.com"], {
      env: { ...given(), REDIS_URL: "redis://127.0.0.1:9" },
    });
    expect([code, stderr]).toEqual([1, "Redis at REDIS_URL is out of reach: nothing was unlocked.\n"]);
    expect(await database.sql`select id from audit_events order by id`).toEqual(before);
  });
});
