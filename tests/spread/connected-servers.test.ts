import { expect, test } from "vitest";
import { countServerConnections } from "../../src/database/servers-lock.ts";
import { createTestDatabase } from "../support/database.ts";
import { startTestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";

test("a server is counted by whatever name it connects, until it has stopped", async () => {
  const database = await createTestDatabase();
  const url = new URL(database.url);
  url.searchParams.set("application_name", "our own name");
  expect(await countServerConnections(database.sql)).toBe(0);
  const gateway = await startTestGateway({ database: { ...database, url: url.href } });
  const [named] = await database.sql`
    select count(*)::int as connections from pg_stat_activity
    where datname = current_database() and application_name like 'graphql-auth-gateway%'`;
  expect(named).toEqual({ connections: 0 });
  expect(await countServerConnections(database.sql)).toBe(1);
  await gateway.close();
  await until(async () => (await countServerConnections(database.sql)) === 0, 5000);
  await database.drop();
});
