import { describe, expect, test } from "vitest";
import type { TestDatabase } from "../support/database.ts";
import type { TestGatewayOptions } from "../support/gateway.ts";
import {
  CACHE_SECONDS,
  createStandingClock,
  keepGateways,
  outcomeOf,
  publishedKids,
  signIn,
  strangersToken,
} from "../support/keys/signing-gateways.ts";

const { start: startGateway, startSeveral } = keepGateways();
const start = (options: TestGatewayOptions = {}) => startGateway({ clock: createStandingClock(), ...options });

describe("a kid that is not known", () => {
  test("is looked for in the database: a key of another process works before this one has maintained", async () => {
    const [first, second] = await startSeveral({}, {});
    if (first === undefined || second === undefined) return;
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    const { token, kid } = await signIn(first);
    expect(await publishedKids(second)).not.toContain(kid);
    expect(await outcomeOf(second, token)).toBe("me");
    expect(await publishedKids(second)).toContain(kid);
    expect((await signIn(second)).kid).toBe(kid);
  });

  test("costs one reading a second at most, however many strangers there are", async () => {
    const gateway = await start();
    const { clock, database } = gateway;
    const reads = await countReads(database);
    async function visit(count: number): Promise<void> {
      const tokens = await Promise.all(Array.from({ length: count }, (_, index) => strangersToken(`stranger ${index}`)));
      const outcomes = await Promise.all(tokens.map((token) => outcomeOf(gateway, token)));
      expect(new Set(outcomes)).toEqual(new Set(["unknown_key"]));
    }
    await visit(50);
    expect(await reads()).toBe(0);
    clock.advance(0.999);
    await visit(1);
    expect(await reads()).toBe(0);
    clock.advance(0.001);
    await visit(50);
    expect(await reads()).toBe(1);
    for (let again = 0; again < 10; again += 1) await visit(1);
    expect(await reads()).toBe(1);
    for (let second = 2; second <= 5; second += 1) {
      clock.advance(1);
      await visit(20);
      expect(await reads()).toBe(second);
    }
    const { token } = await signIn(gateway);
    expect(await outcomeOf(gateway, token)).toBe("me");
    expect(await reads()).toBe(5);
  });

  test("and strangers who use up that reading delay a new key by a second, no more", async () => {
    const [first, second] = await startSeveral({}, {});
    if (first === undefined || second === undefined) return;
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    const before = await strangersToken("before");
    expect(await outcomeOf(second, before)).toBe("unknown_key");
    await first.auth.signingKeys.rotate();
    first.clock.advance(CACHE_SECONDS);
    await outcomeOf(second, before);
    const { token } = await signIn(first);
    expect(await outcomeOf(second, token)).toBe("me");
  });
});

/** Counts statements that read the stored keys, whoever sends them: a sequence does not wait for statistics to be flushed. */
async function countReads(database: TestDatabase): Promise<() => Promise<number>> {
  await database.sql.unsafe(`
    create sequence key_reads minvalue 0 start 0;
    select nextval('key_reads');
    alter table signing_keys rename to kept_signing_keys;
    create view signing_keys as select * from kept_signing_keys where (select nextval('key_reads') > 0);`);
  return async () => {
    const [row] = await database.sql`select last_value::int as n from key_reads`;
    return row?.n;
  };
}
