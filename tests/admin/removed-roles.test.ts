import { afterAll, beforeAll, expect, test } from "vitest";
import { createCountOtherRoles } from "../../src/auth/admin/held-roles-store.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { SetUserRolesDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { readMetrics } from "../support/metrics.ts";
import { until } from "../support/until.ts";

const PATIENCE = 10_000;
let database: TestDatabase;
let gateway: TestGateway | undefined;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await gateway?.close();
  await database.drop();
});

async function holders(url: string): Promise<[string, number][]> {
  const { samples } = await readMetrics(url);
  return [...samples].filter(([series]) => series.startsWith("auth_removed_role_users"));
}

test("roles that were taken out of gateway.yaml are told with the number of users who hold them, in the log and at /metrics", async () => {
  const before = await startTestGateway({ database, gatewayYaml: "roles: { support: {}, clerk: {} }\n" });
  const { accessToken: token } = await before.registerAdmin();
  for (const roles of [["user", "support"], ["user", "support", "clerk"], ["user"]]) {
    const { user } = await before.register();
    dataOf(await before.send(SetUserRolesDocument, { userId: user.id, roles }, { token }));
  }
  expect(await holders(before.url)).toEqual([]);
  await before.close();

  const after = await startTestGateway({ database, gatewayYaml: "roles: { clerk: {} }\n" });
  gateway = after;
  await until(async () => (await holders(after.url)).length > 0, PATIENCE);
  expect(await holders(after.url)).toEqual([['auth_removed_role_users{role="support"}', 2]]);
  const told = after.logs.filter(({ msg }) => String(msg).startsWith("users hold roles that gateway.yaml does not have"));
  expect(told).toMatchObject([{ level: 40, roles: { support: 2 } }]);
});

test("they are counted by one process at a time, however many users there are, a few thousand of them in a statement", async () => {
  await database.sql`
    insert into users (id, email, email_key, password_hash, roles, created_at)
    select id, id, id, '', case when number % 1000 = 0 then array['user', 'gone'] else array['user'] end, now()
    from (select number, gen_random_uuid() as id from generate_series(1, 25000) as number) as numbers`;
  const other = openDatabase({ url: database.url, schema: "auth", poolSize: 2 });
  const countOtherRoles = createCountOtherRoles(other.database);
  const known = ["user", "admin", "support", "clerk"];
  await database.sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(hashtextextended('auth removed roles', 0))`;
    expect(await countOtherRoles(known)).toBeUndefined();
  });
  expect(await countOtherRoles(known)).toEqual([{ role: "gone", users: 25 }]);
  expect(await countOtherRoles(known, AbortSignal.abort())).toBeUndefined();
  expect(await countOtherRoles(["user", "admin"])).toEqual([
    { role: "clerk", users: 1 },
    { role: "gone", users: 25 },
    { role: "support", users: 2 },
  ]);
  await other.close();
});
