import { afterAll, beforeAll, expect, test } from "vitest";
import { type AuthFieldsFragment, DisableUserDocument, ForceLogoutDocument, MeFromTokenDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { addSessions } from "../support/sessions/many-sessions.ts";
import { until } from "../support/until.ts";

let gateway: TestGateway;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  gateway = await startTestGateway();
  admin = await gateway.registerAdmin();
});
afterAll(() => gateway.close());

test("whoever has twenty thousand sessions is disabled at once, and each of them gets its audit event by and by", async () => {
  const { user, accessToken } = await gateway.register();
  await addSessions(gateway, user.id, 20_000);
  const token = admin.accessToken;
  expect(dataOf(await gateway.send(DisableUserDocument, { userId: user.id }, { token })).disableUser?.status).toBe("DISABLED");
  expect(codesOf(await gateway.send(MeFromTokenDocument, {}, { token: accessToken }))).toEqual(["UNAUTHENTICATED"]);
  await until(async () => {
    await gateway.auth.markEndedSessions();
    const [row] = await gateway.database.sql`
      select count(*)::int as entries from audit_events where user_id = ${user.id} and type = 'SESSION_REVOKED'`;
    return row?.entries === 20_001;
  }, 50_000);
}, 60_000);

test("lists within lists, times aliases, end at a bound on what one request reads", async () => {
  const { user, accessToken: token } = await gateway.register();
  await addSessions(gateway, user.id, 100);
  const aliases = (count: number) =>
    `{ ${Array.from({ length: count }, (_, index) => `s${index}: sessions { events(first: 100) { id } }`)} }`;
  expect((await gateway.post({ query: aliases(1) }, { token })).errors).toEqual([]);
  const tooMuch = await gateway.post({ query: aliases(5) }, { token });
  expect(tooMuch.errors[0]?.extensions).toMatchObject({
    code: "BAD_USER_INPUT",
    fields: { request: [expect.stringContaining("more than 20000 rows")] },
  });
});

test("where an admin sits is not for the user whom they signed out, but for admins", async () => {
  const phone = await gateway.register();
  const headers = { "user-agent": "the admin's own machine" };
  dataOf(await gateway.send(ForceLogoutDocument, { userId: phone.user.id }, { token: admin.accessToken, headers }));
  const { accessToken } = await gateway.login(phone.user.email);
  const query = "query($id: ID!) { session(id: $id) { endReason events { type actorId ipAddress userAgent } } }";
  const ask = async (token: string) => {
    const { session } = dataOf(await gateway.post({ query, variables: { id: phone.session.id } }, { token }));
    return session;
  };
  expect(await ask(accessToken)).toMatchObject({
    endReason: "REVOKED_BY_ADMIN",
    events: [{ type: "SESSION_REVOKED", actorId: admin.user.id, ipAddress: null, userAgent: null }, { type: "REGISTERED" }],
  });
  expect(await ask(admin.accessToken)).toMatchObject({ events: [{ userAgent: "the admin's own machine" }, {}] });
});
