import { randomBytes } from "node:crypto";
import postgres from "postgres";
import { describe, expect, inject, test } from "vitest";
import { createTestClock, type TestClock } from "../support/clock.ts";
import type { TestDatabase } from "../support/database.ts";
import { keepGateways, kidsOf, outcomeOf, publishedKids } from "../support/keys/signing-gateways.ts";
import { openRawClient } from "../support/raw-client.ts";

const { start, stop, startupErrorOf, createDatabase, keep } = keepGateways();

describe("in the database", () => {
  test.each(["ES256", "RS256"])("the private half of a key is encrypted (%s)", async (algorithm) => {
    const gateway = await start({ env: { JWT_ALGORITHM: algorithm } });
    await gateway.register();
    await gateway.auth.signingKeys.rotate();
    const { signingKey } = gateway.auth.signingKeys.signer();
    const { d = "" } = signingKey.export({ format: "jwk" });
    const pkcs8 = signingKey.export({ format: "der", type: "pkcs8" });
    const rows = await gateway.database.sql`select row_to_json(signing_keys)::text as row, encode(encrypted_private_key, 'hex') as hex,
      encode(encrypted_private_key, 'base64') as base64, encode(encrypted_private_key, 'escape') as escaped from signing_keys`;
    const [events] = await gateway.database.sql`select json_agg(audit_events)::text as all from audit_events`;
    const dump = JSON.stringify([rows, events, gateway.logs]);
    expect(rows).toHaveLength(2);
    const secrets = [pkcs8, Buffer.from(d, "base64url")];
    for (const secret of secrets) {
      for (const encoding of ["hex", "base64", "base64url"] as const) {
        expect(dump).not.toContain(secret.toString(encoding).slice(0, -4));
      }
    }
    expect(dump).not.toMatch(/"(d|p|q|dp|dq|qi)":|BEGIN/);
  });

  test("the private halves of two keys cannot be exchanged", async () => {
    const database = await createDatabase();
    const gateway = await start({ database });
    await gateway.auth.signingKeys.rotate();
    await stop(gateway);
    await database.sql`update signing_keys set encrypted_private_key = other.encrypted_private_key
      from signing_keys other where other.kid <> signing_keys.kid`;
    expect(await startupErrorOf({ database })).toContain("SECRET opens no signing key");
  });
});

test("ten gateways that start at once on one empty database make one key, and take each other's tokens", async () => {
  const database = await createEmptyDatabase();
  const clock = createTestClock();
  const gateways = await Promise.all(Array.from({ length: 10 }, () => start({ database, clock })));
  const kids = await kidsOf(database);
  expect(kids).toHaveLength(1);
  expect(await Promise.all(gateways.map(publishedKids))).toEqual(Array(10).fill(kids));
  const [events] = await database.sql`select count(*)::int as n from audit_events where type = 'SIGNING_KEY_ROTATED'`;
  expect(events?.n).toBe(1);
  const tokens = await Promise.all(gateways.slice(0, 3).map(async (gateway) => (await gateway.register()).accessToken));
  const outcomes = await Promise.all(gateways.flatMap((gateway) => tokens.map((token) => outcomeOf(gateway, token))));
  expect(outcomes).toEqual(Array(30).fill("me"));
});

/** Without even the tables, unlike the clones of the template. */
async function createEmptyDatabase(): Promise<TestDatabase> {
  const serverUrl = inject("serverUrl");
  const name = `gateway_empty_${randomBytes(6).toString("hex")}`;
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  const admin = postgres(serverUrl, { max: 1, onnotice: () => undefined });
  await admin.unsafe(`create database ${name}`);
  const sql = openRawClient(url.href, { max: 2 });
  const database = {
    url: url.href,
    sql,
    async drop() {
      await sql.end();
      await admin.unsafe(`drop database if exists ${name} with (force)`);
      await admin.end();
    },
  };
  return keep(database);
}

test("a gateway whose clock is behind starts beside one that made the key a moment ago", async () => {
  const database = await createDatabase();
  const real = createTestClock();
  const first = await start({ database, clock: real });
  const behind: TestClock = { ...real, now: () => new Date(real.now().getTime() - 5000) };
  const second = await start({ database, clock: behind });
  const { accessToken } = await second.register();
  expect(await outcomeOf(first, accessToken)).toBe("me");
  expect(await kidsOf(database)).toHaveLength(1);
});

test("a clock that is set back does not stop anyone from signing in", async () => {
  const real = createTestClock();
  let back = 0;
  const gateway = await start({ clock: { ...real, now: () => new Date(real.now().getTime() - back) } });
  back = 10_000;
  const { accessToken } = await gateway.register();
  expect(await outcomeOf(gateway, accessToken)).toBe("me");
});
