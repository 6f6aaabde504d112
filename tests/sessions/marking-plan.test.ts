import { afterAll, beforeAll, expect, test } from "vitest";
import { LogoutAllDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { explainAll } from "../support/databases/statement-plans.ts";
import { addSessions } from "../support/sessions/many-sessions.ts";
import { startTappedGateway, type TappedGateway } from "../support/wires/tapped-gateway.ts";

let gateway: TappedGateway;
beforeAll(async () => {
  gateway = await startTappedGateway();
});
afterAll(() => gateway.close());

test("a batch of the sessions that one row has ended is read from an index, however many are left", async () => {
  const { user, accessToken } = await gateway.register();
  await addSessions(gateway, user.id, 3000);
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: accessToken }));
  await gateway.database.sql`analyze sessions`;
  const sent = await gateway.tap.sentDuring(() => gateway.auth.markEndedSessions());
  const batches = sent.filter(({ text }) => /update "auth"."sessions"[\s\S]*limit/.test(text));
  expect(batches.length).toBeGreaterThan(1);
  // The rows that it marked are no longer there for the plan: as many again are.
  await addSessions(gateway, user.id, 3000);
  for (const { plan } of await explainAll(gateway.database.sql, batches)) {
    // Of a Citus, a shard's index has the shard's number.
    expect(plan).toMatch(/Index Scan using sessions_of_user/);
    expect(plan).not.toMatch(/Sort/);
  }
});
