import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { until } from "../support/until.ts";
import { openReceiver, type ReceivedCall, type Receiver } from "../support/webhooks/receiver.ts";

const HOOK_SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

let receiver: Receiver;
let gateway: TestGateway;
beforeAll(async () => {
  receiver = await openReceiver();
  const webhook = `{ url: "${receiver.url}/auth", secret: { env: HOOK_SECRET }, events: [user.registered] }`;
  gateway = await startTestGateway({ env: { HOOK_SECRET }, gatewayYaml: `webhooks: [${webhook}]\n` });
});
afterAll(async () => {
  await gateway.close();
  await receiver.close();
});
beforeEach(() => {
  receiver.answer = (_call, response) => response.writeHead(204).end();
});

const about = (userId: string) => receiver.calls.filter(({ body }) => body.includes(userId));
const stateOf = async (userId: string) => {
  const [row] = await gateway.database
    .sql`select state, problem, encrypted_payload from outbox where user_id = ${userId} and channel = 'webhook'`;
  return row;
};
const isState = (userId: string, state: string) => async () => (await stateOf(userId))?.state === state;
const read = ({ body, headers }: ReceivedCall) =>
  new Webhook(HOOK_SECRET).verify(body, headers as Record<string, string>) as { type: string; data: Record<string, unknown> };

test("what happens arrives, signed, under the id of its row", async () => {
  const { user, session } = await gateway.register();
  await until(isState(user.id, "SENT"), 10_000);
  const [call, ...others] = about(user.id);
  if (call === undefined) throw new Error("nothing arrived");
  expect(others).toEqual([]);
  expect(read(call)).toMatchObject({ type: "user.registered", data: { userId: user.id, sessionId: session.id } });
  const [row] = await gateway.database.sql`select id from outbox where user_id = ${user.id} and channel = 'webhook'`;
  expect(call.headers["webhook-id"]).toBe(row?.id);
  expect((await stateOf(user.id))?.encrypted_payload).toBeNull();
});

test("a receiver that is ill gets it again, as the same message, once it is well", async () => {
  receiver.answer = (_call, response) => response.writeHead(503).end();
  const { user } = await gateway.register();
  await until(async () => (await stateOf(user.id))?.problem === "HTTP 503", 10_000);
  receiver.answer = (_call, response) => response.writeHead(200).end();
  gateway.clock.advance(60);
  await until(isState(user.id, "SENT"), 10_000);
  const calls = about(user.id);
  expect(new Set(calls.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(calls.length).toBeGreaterThanOrEqual(2);
  expect(new Set(calls.map(({ body }) => body)).size).toBe(1);
});

test("a receiver that wants no more of it gets it no more", async () => {
  receiver.answer = (_call, response) => response.writeHead(410).end();
  const { user } = await gateway.register();
  await until(isState(user.id, "DEAD"), 10_000);
  expect(await stateOf(user.id)).toMatchObject({ problem: "HTTP 410", encrypted_payload: null });
  expect(about(user.id)).toHaveLength(1);
});
