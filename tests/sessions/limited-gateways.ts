import { afterAll, afterEach, beforeAll } from "vitest";
import { codesOf, type Reply, type SendOptions } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";

/** The product's own limits, and room for the rest. */
export const PRODUCT = "{ default: { max: 1000, window: 1m } }";

/** Those of an account alone. */
export const PER_ACCOUNT = `{
  default: { max: 1000, window: 1m }, Mutation.verifyEmail: { max: 1000, window: 15m }, Mutation.register: { max: 1000, window: 1h },
  Mutation.requestEmailVerification: { max: 1000, window: 1h }, Mutation.requestPasswordReset: { max: 1000, window: 1h } }`;

export const from = (address: string): SendOptions => ({ headers: { "x-forwarded-for": address } });

export const times = <Result>(count: number, work: (index: number) => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

export const countOf = (replies: readonly Reply<unknown>[], code: string) =>
  replies.flatMap(codesOf).filter((each) => each === code).length;

/** Gateways on one database, which counts afresh after each test. */
export function limitGateways() {
  let database: TestDatabase;

  let gateways: TestGateway[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  afterEach(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    gateways = [];
    await database.sql`truncate rate_limits`;
  });

  async function start(limits: string, options: Partial<TestGatewayOptions> = {}): Promise<TestGateway> {
    const gateway = await startTestGateway({ database, limits, ...options, env: { TRUSTED_PROXIES: "127.0.0.1" } });
    gateways.push(gateway);
    return gateway;
  }

  return {
    get database() {
      return database;
    },
    get gateways() {
      return gateways;
    },
    start,
  };
}
