import { expect, test } from "vitest";
import { DeleteAccountDocument, EnableUserDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway } from "../support/gateway.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import { openReceiver } from "../support/webhooks/receiver.ts";

test("a receiver is told whom to forget, and we can no longer tell who that was", async () => {
  const receiver = await openReceiver();
  const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const webhook = `{ url: "${receiver.url}/", secret: { env: HOOK_SECRET }, events: [user.deletion_requested, user.erased] }`;
  const env = { HOOK_SECRET, ACCOUNT_DELETION_GRACE: "1d" };
  const gateway = await startTestGateway({ env, gatewayYaml: `webhooks: [${webhook}]\n` });
  const { sql } = gateway.database;
  const { user, accessToken: token } = await gateway.register();
  dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
  await until(() => receiver.calls.length === 1, 10_000);

  gateway.clock.advance(86_401);
  await gateway.auth.accountLife.eraseAccounts();
  gateway.clock.advance(61);
  expect(await gateway.auth.accountLife.eraseAccounts()).toBe(1);
  const [row] = await sql`select user_id from outbox where topic = 'user.erased'`;
  expect(row?.user_id).toBeNull();
  await until(() => receiver.calls.length === 2, 10_000);
  expect(receiver.calls.map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: "user.deletion_requested", data: { userId: user.id } },
    { type: "user.erased", data: { userId: user.id } },
  ]);

  await until(async () => (await sql`select 1 from outbox where topic = 'user.erased' and state = 'SENT'`).length === 1, 10_000);
  const [left] = await sql`select
    (select count(*)::int from audit_events where ${user.id} in (user_id, actor_id)) as entries,
    (select count(*)::int from outbox where user_id = ${user.id} or encrypted_payload is not null) as messages`;
  expect(left).toEqual({ entries: 0, messages: 0 });
  const [erased] = await sql`select * from audit_events where type = 'ACCOUNT_ERASED'`;
  expect(JSON.stringify(erased)).not.toContain(user.id);
  const logged = gateway.logs.filter(({ event }) => (event as { type?: string } | undefined)?.type === "ACCOUNT_ERASED");
  expect(logged).toHaveLength(1);
  expect(JSON.stringify(logged)).not.toContain(user.id);
  await gateway.close();
  await receiver.close();
});

test("news of what is done to somebody whose erasure has begun go with them", async () => {
  const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
  const webhook = '{ url: "http://127.0.0.1:9/", secret: { env: HOOK_SECRET }, events: [user.enabled] }';
  const env = { HOOK_SECRET, ACCOUNT_DELETION_GRACE: "0s" };
  const gateway = await startTestGateway({ env, gatewayYaml: `webhooks: [${webhook}]\n` });
  const { sql } = gateway.database;
  const messages = (userId: string) => sql`select topic from outbox where user_id = ${userId}`;
  const { user, accessToken: token } = await gateway.register();
  dataOf(await gateway.send(DeleteAccountDocument, { input: { password: PASSWORD } }, { token }));
  await gateway.auth.accountLife.eraseAccounts();
  const admin = await gateway.registerAdmin();
  dataOf(await gateway.send(EnableUserDocument, { userId: user.id }, { token: admin.accessToken }));
  expect(await messages(user.id)).toMatchObject([{ topic: "user.enabled" }]);
  gateway.clock.advance(61);
  expect(await gateway.auth.accountLife.eraseAccounts()).toBe(1);
  expect(await messages(user.id)).toHaveLength(0);
  await gateway.close();
});
