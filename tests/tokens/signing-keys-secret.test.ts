import { randomBytes, randomUUID } from "node:crypto";
import { decodeProtectedHeader } from "jose";
import { describe, expect, test } from "vitest";
import { createStoredKeys } from "../../src/auth/tokens/keys/stored-keys.ts";
import { StartupError } from "../../src/core/errors.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { createTestClock } from "../support/clock.ts";
import { createTestTransact } from "../support/databases/transact.ts";
import { TEST_SECRET } from "../support/gateway.ts";
import { keepGateways, kidsOf, outcomeOf } from "../support/keys/signing-gateways.ts";
import { SCHEMA } from "../support/raw-client.ts";

const NEW_SECRET = "the secret that takes over from the first one";
const WRONG_SECRET = "a secret that never encrypted anything here";

/** A new key waits for caches of the JWKS; the one before it stays as long as any token may live, and an hour. */
const UNTIL_RETIREMENT_SECONDS = 300 + 86_400 + 3600;

const { start, stop, startupErrorOf, createDatabase } = keepGateways();

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

  test("may change process by process, also when one with the old value is told to rotate: the new value alone goes on", async () => {
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
