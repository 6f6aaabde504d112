import { afterAll, beforeAll, expect, test } from "vitest";
import { createOperator } from "../../src/auth/operator.ts";
import { createHashingQueue } from "../../src/auth/passwords/hashing-queue.ts";
import { loadPasswordEngine } from "../../src/auth/passwords/password-engine.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { AuthError } from "../../src/core/errors.ts";
import { createSecureRandom } from "../../src/core/random.ts";
import { type OpenDatabase, openDatabase } from "../../src/database/open-database.ts";
import { createTestTransact } from "../support/databases/transact.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { newEmail } from "../support/sign-in.ts";

let gateway: TestGateway;
let own: OpenDatabase;
beforeAll(async () => {
  gateway = await startTestGateway();
  own = openDatabase({ url: gateway.database.url, schema: SCHEMA, poolSize: 2 });
});
afterAll(async () => {
  await own.close();
  await gateway.close();
});

/** An operator at work, and what else happens while the new password is hashed. */
async function operatorWhile(meanwhile: () => Promise<unknown>) {
  const { database } = own;
  const [clock, random, engine] = [systemClock, createSecureRandom(), await loadPasswordEngine()];
  const transact = createTestTransact({ database, clock, random });
  const slowly = { ...engine, hash: (password: string) => engine.hash(password).finally(meanwhile) };
  const hashing = { engine: slowly, queue: createHashingQueue({ concurrency: 1, capacity: 8 }) };
  return createOperator({ database, transact, clock, random, hashing }, { accessTokenTtlSeconds: 900, serviceNames: [] }).accounts;
}

test.each(["setPassword", "promoteToAdmin"] as const)("%s means whoever has the address once the password is hashed", async (order) => {
  const { user } = await gateway.register();
  const { sql } = gateway.database;
  const moved = newEmail();
  const operator = await operatorWhile(() => sql`update users set email = ${moved}, email_key = ${moved} where id = ${user.id}`);
  const [before] = await sql`select password_hash, roles, version from users where id = ${user.id}`;
  const refused = operator[order]({ email: user.email, password: "what the operator chose" });
  await expect(refused).rejects.toMatchObject({ code: "NOT_FOUND" } satisfies Partial<AuthError>);
  expect(await sql`select password_hash, roles, version from users where id = ${user.id}`).toEqual([before]);
});
