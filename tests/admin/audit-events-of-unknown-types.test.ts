import { afterAll, beforeAll, expect, test } from "vitest";
import { AuditEventsDocument, type AuditEventsQueryVariables, type AuthFieldsFragment } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

const ADDRESS = "203.0.113.77";

let gateway: TestGateway;
let admin: AuthFieldsFragment;
let held: AuthFieldsFragment;
let ids: string[];
beforeAll(async () => {
  gateway = await startTestGateway();
  admin = await gateway.registerAdmin();
  held = await gateway.register();
  const { sql } = gateway.database;
  await sql`delete from audit_events`;
  // As it is beside a newer version, which knows more types, and as rows of before are left by migration 0016.
  await sql`alter table audit_events drop constraint audit_events_type_known`;
  ids = [];
  for (const type of ["LOGOUT", "WRITTEN_BY_HAND", "LOGIN_FAILED", "WRITTEN_BY_HAND", "WRITTEN_BY_HAND"]) {
    const id = `019e8342-9600-7000-8000-00000000000${ids.length}`;
    await sql`
      insert into audit_events (id, type, occurred_at, user_id, actor_id, session_id, ip_address, succeeded)
      values (${id}, ${type}, now(), ${held.user.id}, ${held.user.id}, ${held.session.id}, ${ADDRESS}, true)`;
    ids.push(id);
  }
});
afterAll(() => gateway.close());

const lists: readonly (readonly [string, () => AuditEventsQueryVariables["filter"]])[] = [
  ["everybody's", () => undefined],
  ["a user's", () => ({ userId: held.user.id })],
  ["a session's", () => ({ sessionId: held.session.id })],
  ["an actor's", () => ({ actorId: held.user.id })],
  ["those from an address", () => ({ ipAddress: ADDRESS })],
];

test.each(lists)("a full page has known types alone: %s", async (_whose, filter) => {
  const variables = { first: 2, filter: filter() };
  const { auditEvents } = dataOf(await gateway.send(AuditEventsDocument, variables, { token: admin.accessToken }));
  expect(auditEvents?.edges.map(({ node }) => node.id)).toEqual([ids[2], ids[0]]);
  expect(auditEvents?.pageInfo.hasNextPage).toBe(false);
});

test("so have the latest events of a session, and what an account exports", async () => {
  const query = `{ session(id: "${held.session.id}") { events(first: 2) { id } } }`;
  const { data } = await gateway.post({ query }, { token: admin.accessToken });
  expect(data).toEqual({ session: { events: [{ id: ids[2] }, { id: ids[0] }] } });
  const { text } = await gateway.post(
    { query: "{ exportAccount { auditEvents { edges { node { id type } } } } }" },
    { token: held.accessToken },
  );
  expect(text).toContain(String(ids[2]));
  expect(text).not.toContain(String(ids[1]));
});
