import { afterAll, beforeAll, expect, test } from "vitest";
import { SetUserRolesDocument } from "./generated/operations.ts";
import { dataOf } from "./support/client.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { readMetrics } from "./support/metrics.ts";
import { until } from "./support/until.ts";

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
