import { afterAll, beforeAll, expect, test } from "vitest";
import { createHashingQueue } from "../../src/auth/passwords/hashing-queue.ts";
import { loadPasswordEngine, type PasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { createPasswords } from "../../src/auth/passwords/passwords.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { ChangePasswordDocument, LoginDocument, MeDocument, RefreshDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { fullHashing, startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

const PASSWORD = "a long walk by the sea";
const NEW_PASSWORD = "a short walk by the sea";
const today = { memoryKibibytes: 12_288, iterations: 3, parallelism: 1 };
const todaysPrefix = "$argon2id$v=19$m=12288,t=3,p=1$";
const todaysEnv = { HASHING_MEMORY: "12288", HASHING_ITERATIONS: "3" };

let database: TestDatabase;
/** Before and after the parameters were changed. */
let older: TestGateway;
let newer: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  older = await startTestGateway({ database, env: fullHashing });
  newer = await startTestGateway({ database, env: todaysEnv });
});
afterAll(async () => {
  await Promise.all([older.close(), newer.close()]);
  await database.drop();
});

async function userRow(id: string): Promise<{ password_hash: string; version: number }> {
  const [row] = await database.sql<{ password_hash: string; version: number }[]>`select password_hash, version from users where id = ${id}`;
  if (row === undefined) throw new Error("There is no such user.");
  return row;
}
const hasTodays = async (id: string) => (await userRow(id)).password_hash.startsWith(todaysPrefix);

test("a login after the parameters have changed replaces the hash; sessions, tokens and the version stay", async () => {
  const { user, accessToken, refreshToken } = await older.register();
  const before = await userRow(user.id);
  expect(before.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  const [{ events } = { events: 0 }] = await database.sql`select count(*)::int as events from audit_events where user_id = ${user.id}`;

  await newer.login(user.email);
  await until(() => hasTodays(user.id), 5000);
  expect((await userRow(user.id)).version).toBe(before.version);
  expect(codesOf(await newer.send(MeDocument, {}, { token: accessToken }))).toEqual([]);
  expect(codesOf(await newer.send(RefreshDocument, { input: { refreshToken: refreshToken ?? "" } }))).toEqual([]);
  const [after] =
    await database.sql`select count(*)::int as events from audit_events where user_id = ${user.id} and type <> 'TOKEN_REFRESHED'`;
  // The login, and no word of the hash.
  expect(after?.events).toBe(events + 1);

  const replaced = (await userRow(user.id)).password_hash;
  await newer.login(user.email);
  expect((await userRow(user.id)).password_hash).toBe(replaced);
  expect(codesOf(await newer.send(LoginDocument, { input: { email: user.email, password: "wrong" } }))).toEqual(["INVALID_CREDENTIALS"]);
});

test("a failed login replaces nothing", async () => {
  const { user } = await older.register();
  const { password_hash } = await userRow(user.id);
  expect(codesOf(await newer.send(LoginDocument, { input: { email: user.email, password: "wrong" } }))).toEqual(["INVALID_CREDENTIALS"]);
  expect((await userRow(user.id)).password_hash).toBe(password_hash);
});

test("logins of one user at the same time all succeed while the hash is replaced under them", async () => {
  const { user } = await older.register();
  const origin = { ipAddress: "192.0.2.1", userAgent: null };
  const logins = Array.from({ length: 20 }, () => newer.auth.accounts.login({ email: user.email, password: PASSWORD }, origin));
  const held = await Promise.all(logins);
  expect(new Set(held.map(({ session }) => session.id)).size).toBe(20);
  await newer.login(user.email);
  await until(() => hasTodays(user.id), 5000);
});

/** The real engine with today's parameters; what it hashes first, after its decoy, is held back. */
async function holdRehash() {
  const engine = await loadPasswordEngine(today);
  const held: { begun: boolean; release: () => void } = { begun: false, release: () => undefined };
  const released = new Promise<void>((resolve) => {
    held.release = resolve;
  });
  let hashes = 0;
  const passwordEngine: PasswordEngine = {
    verify: engine.verify,
    async hash(password) {
      hashes += 1;
      if (hashes === 2) {
        held.begun = true;
        await released;
      }
      return engine.hash(password);
    },
  };
  return { held, passwordEngine };
}

test("a password that is changed meanwhile wins", async () => {
  const { held, passwordEngine } = await holdRehash();
  const slow = await startTestGateway({ database, passwordEngine });
  const { user, accessToken } = await older.register();
  await slow.login(user.email);
  await until(() => held.begun, 5000);
  const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  expect(codesOf(await older.send(ChangePasswordDocument, { input }, { token: accessToken }))).toEqual([]);
  const { password_hash } = await userRow(user.id);

  held.release();
  // Closing waits for it.
  await slow.close();
  expect((await userRow(user.id)).password_hash).toBe(password_hash);
  expect(codesOf(await older.send(LoginDocument, { input: { email: user.email, password: PASSWORD } }))).toEqual(["INVALID_CREDENTIALS"]);
  await older.login(user.email, NEW_PASSWORD);
});

test("a change of the password succeeds also where the hash is replaced under it", async () => {
  const { user, accessToken } = await older.register();
  const engine = await loadPasswordEngine();
  let replaced = false;
  const passwordEngine: PasswordEngine = {
    verify: engine.verify,
    async hash(password) {
      if (password === NEW_PASSWORD && !replaced) {
        replaced = true;
        const same = await (await loadPasswordEngine(today)).hash(PASSWORD);
        await database.sql`update users set password_hash = ${same} where id = ${user.id}`;
      }
      return engine.hash(password);
    },
  };
  const other = await startTestGateway({ database, passwordEngine });
  const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
  expect(codesOf(await other.send(ChangePasswordDocument, { input }, { token: accessToken }))).toEqual([]);
  await other.close();
  expect(replaced).toBe(true);
  await older.login(user.email, NEW_PASSWORD);
});

test("nobody waits for it: while somebody hashes, it is left to the next login", async () => {
  const queue = createHashingQueue({ concurrency: 1, capacity: 10 });
  const passwords = await createPasswords({ engine: await loadPasswordEngine(today), queue }, createSecureRandom());
  const hash = await (await loadPasswordEngine()).hash(PASSWORD);
  let finish: () => void = () => undefined;
  const somebody = queue.run("192.0.2.1", () => {
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  });
  expect(passwords.rehash(hash, PASSWORD)).toBeUndefined();
  finish();
  await somebody;
  const rehashed = await passwords.rehash(hash, PASSWORD);
  expect(rehashed).toMatch(/^\$argon2id\$v=19\$m=12288,t=3,p=1\$/);
  expect(passwords.rehash(rehashed ?? "", PASSWORD)).toBeUndefined();
});
