import { randomBytes, randomUUID } from "node:crypto";
import { decodeProtectedHeader, type JSONWebKeySet } from "jose";
import postgres from "postgres";
import { afterEach, describe, expect, inject, test } from "vitest";
import { createStoredKeys } from "../../src/auth/tokens/keys/stored-keys.ts";
import { StartupError } from "../../src/core/errors.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { explainFailure } from "../../src/start/process/explain-failure.ts";
import { MeFromTokenDocument } from "../generated/operations.ts";
import { createTestClock, type TestClock } from "../support/clock.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { createTestTransact } from "../support/databases/transact.ts";
import { startTestGateway, TEST_SECRET, type TestGateway, type TestGatewayOptions } from "../support/gateway.ts";
import { openRawClient, SCHEMA } from "../support/raw-client.ts";

const NEW_SECRET = "the secret that takes over from the first one";
const WRONG_SECRET = "a secret that never encrypted anything here";

/** A new key waits for caches of the JWKS; the one before it stays as long as any token may live, and an hour. */
const UNTIL_RETIREMENT_SECONDS = 300 + 86_400 + 3600;

const running: TestGateway[] = [];
const databases: TestDatabase[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((gateway) => gateway.close()));
  await Promise.all(databases.splice(0).map((database) => database.drop()));
});

async function start(options: TestGatewayOptions = {}): Promise<TestGateway> {
  const gateway = await startTestGateway(options);
  running.push(gateway);
  return gateway;
}

async function stop(gateway: TestGateway): Promise<void> {
  running.splice(running.indexOf(gateway), 1);
  await gateway.close();
}

async function createDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  databases.push(database);
  return database;
}

async function kidsOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.sql`select kid from signing_keys order by signs_from, created_at`;
  return rows.map((row) => row.kid);
}

async function publishedKids(gateway: TestGateway): Promise<(string | undefined)[]> {
  const jwks = (await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()) as JSONWebKeySet;
  return jwks.keys.map((key) => key.kid);
}

/** "me", or why not. */
async function outcomeOf(gateway: TestGateway, token: string): Promise<unknown> {
  const reply = await gateway.send(MeFromTokenDocument, {}, { token });
  expect(reply.status).toBe(200);
  return reply.data?.me === null ? reply.errors[0]?.extensions.reason : "me";
}

async function startupErrorOf(options: TestGatewayOptions): Promise<string> {
  const error = await start(options).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StartupError);
  return explainFailure(error);
}

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
  databases.push(database);
  return database;
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

describe("SECRET", () => {
  test("new,old encrypts the keys again, so that new alone starts; no token is lost on the way", async () => {
    const database = await createDatabase();
    const before = await start({ database });
    await before.auth.signingKeys.rotate();
    const kids = await kidsOf(database);
    const { accessToken, user } = await before.register();
    await stop(before);

    const between = await start({ database, env: { SECRET: `${NEW_SECRET},${TEST_SECRET}` } });
    expect(await outcomeOf(between, accessToken)).toBe("me");
    await stop(between);

    const after = await start({ database, env: { SECRET: NEW_SECRET } });
    expect(await outcomeOf(after, accessToken)).toBe("me");
    const again = await after.login(user.email);
    expect(decodeProtectedHeader(again.accessToken).kid).toBe(kids[0]);
    expect(await outcomeOf(after, again.accessToken)).toBe("me");
    expect(await kidsOf(database)).toEqual(kids);
    await stop(after);

    expect(await startupErrorOf({ database })).toContain("SECRET opens no signing key");
  });

  test("may change process by process: one that knows only the old value goes on with the keys that it has", async () => {
    const database = await createDatabase();
    const clock = createTestClock();
    const older = await start({ database, clock });
    const newer = await start({ database, clock, env: { SECRET: `${NEW_SECRET},${TEST_SECRET}` } });
    await older.auth.signingKeys.maintain();
    const fromOlder = await older.register();
    const fromNewer = await newer.register();
    for (const gateway of [older, newer]) {
      expect(await outcomeOf(gateway, fromOlder.accessToken)).toBe("me");
      expect(await outcomeOf(gateway, fromNewer.accessToken)).toBe("me");
    }

    await newer.auth.signingKeys.rotate();
    clock.advance(301);
    await older.auth.signingKeys.maintain();
    const ofNextKey = await newer.register();
    const ofFirstKey = await older.register();
    expect(decodeProtectedHeader(ofNextKey.accessToken).kid).not.toBe(decodeProtectedHeader(ofFirstKey.accessToken).kid);
    for (const gateway of [older, newer]) {
      expect(await outcomeOf(gateway, ofNextKey.accessToken)).toBe("me");
      expect(await outcomeOf(gateway, ofFirstKey.accessToken)).toBe("me");
    }
    expect(await kidsOf(database)).toHaveLength(2);
  });

  test("may change process by process, also when one with the old value is told to rotate: the new value alone goes on for good", async () => {
    const database = await createDatabase();
    const clock = createTestClock();
    const older = await start({ database, clock });
    const newer = await start({ database, clock, env: { SECRET: `${NEW_SECRET},${TEST_SECRET}` } });
    // Whether it rotates, or refuses because it can no longer open what is stored.
    await older.auth.signingKeys.rotate().catch(() => undefined);
    await newer.auth.signingKeys.maintain();
    await Promise.all([stop(older), stop(newer)]);

    const after = await start({ database, clock, env: { SECRET: NEW_SECRET } });
    clock.advance(UNTIL_RETIREMENT_SECONDS);
    await after.auth.signingKeys.maintain();
    const { accessToken } = await after.register();
    expect(await outcomeOf(after, accessToken)).toBe("me");
  });

  test("wrong: the start stops, says what to do, shows no secret, and the right one starts", async () => {
    const database = await createDatabase();
    const before = await start({ database });
    const { accessToken } = await before.register();
    await stop(before);
    const explained = await startupErrorOf({ database, env: { SECRET: `${WRONG_SECRET},${NEW_SECRET}` } });
    expect(explained).toBe("SECRET opens no signing key; put the earlier value back as a second one: SECRET=new,old");
    const after = await start({ database });
    expect(await outcomeOf(after, accessToken)).toBe("me");
  });

  test("wrong: the command that rotates refuses too, and adds no key that nobody else can open", async () => {
    const gateway = await start();
    const kids = await kidsOf(gateway.database);
    const clock = gateway.clock.now;
    const { database, close } = openDatabase({ url: gateway.database.url, schema: SCHEMA, poolSize: 1 });
    const random = { bytes: randomBytes, id: () => randomUUID() };
    const transact = createTestTransact({ database, clock, random });
    const keys = createStoredKeys(
      { database, transact, clock },
      { algorithm: "ES256", secrets: [WRONG_SECRET], rotationSeconds: 90 * 86_400 },
    );
    try {
      await expect(keys.maintain().then(() => keys.rotate())).rejects.toBeInstanceOf(StartupError);
    } finally {
      await close();
    }
    expect(await kidsOf(gateway.database)).toEqual(kids);
    gateway.clock.advance(UNTIL_RETIREMENT_SECONDS);
    await gateway.auth.signingKeys.maintain();
    const { accessToken } = await gateway.register();
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
  });

  /** When a key is due, the process with the wrong secret would add one that only it can open. */
  test.each([
    ["scheduled rotation", { SIGNING_KEY_ROTATION: "1h" }, {}],
    ["change of algorithm", {}, { JWT_ALGORITHM: "RS256" }],
  ])("wrong, while a %s is due: the start stops, every time, and leaves the keys as they are", async (_name, env, change) => {
    const database = await createDatabase();
    const clock = createTestClock();
    await stop(await start({ database, clock, env }));
    const kids = await kidsOf(database);
    clock.advance(3600);
    const wrong = { database, clock, env: { ...env, ...change, SECRET: WRONG_SECRET } };
    expect(await startupErrorOf(wrong)).toContain("SECRET opens no signing key");
    clock.advance(301);
    expect(await startupErrorOf(wrong)).toContain("SECRET opens no signing key");
    expect(await kidsOf(database)).toEqual(kids);
  });

  test("wrong once, while a rotation was due: sign-in still works when the last key that opens would be retired", async () => {
    const database = await createDatabase();
    const clock = createTestClock();
    const env = { SIGNING_KEY_ROTATION: "90d" };
    await stop(await start({ database, clock, env }));
    clock.advance(90 * 86_400);
    await start({ database, clock, env: { ...env, SECRET: WRONG_SECRET } }).catch(() => undefined);
    const gateway = await start({ database, clock, env });
    clock.advance(UNTIL_RETIREMENT_SECONDS);
    await gateway.auth.signingKeys.maintain();
    const { accessToken } = await gateway.register();
    expect(await outcomeOf(gateway, accessToken)).toBe("me");
  });
});
