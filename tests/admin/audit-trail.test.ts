import { randomUUID } from "node:crypto";
import { NIL } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import {
  AuditEventsDocument,
  type AuditEventsQueryVariables,
  type AuditEventType,
  type AuthFieldsFragment,
  RefreshDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";

let gateway: TestGateway;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  gateway = await startTestGateway();
  admin = await gateway.registerAdmin();
});
afterAll(() => gateway.close());
beforeEach(async () => {
  await gateway.database.sql`delete from audit_events`;
});

const byAdmin = () => ({ token: admin.accessToken });
const NOON = Date.UTC(2026, 5, 1, 12);
const noonPlus = (milliseconds: number) => new Date(NOON + milliseconds);

interface Facts {
  readonly at?: Date;
  readonly type?: AuditEventType;
  readonly userId?: string;
  readonly sessionId?: string;
}

let sequence = 0;
/** As the gateway makes its ids: of the instant, and within it in the order of the calls. */
async function insertEvent({ at = noonPlus(0), type = "LOGOUT", userId, sessionId }: Facts = {}): Promise<string> {
  sequence += 1;
  const time = at.getTime().toString(16).padStart(12, "0");
  const id = `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${sequence.toString(16).padStart(12, "0")}`;
  await gateway.database.sql`
    insert into audit_events (id, type, occurred_at, user_id, session_id, succeeded)
    values (${id}, ${type}, ${at}, ${userId ?? NIL}, ${sessionId ?? null}, true)`;
  return id;
}

async function page(variables: AuditEventsQueryVariables = {}) {
  const { auditEvents } = dataOf(await gateway.send(AuditEventsDocument, variables, byAdmin()));
  if (auditEvents === null) throw new Error("There is no page.");
  return { ...auditEvents.pageInfo, edges: auditEvents.edges, ids: auditEvents.edges.map(({ node }) => node.id) };
}

async function walk(variables: AuditEventsQueryVariables, between: () => Promise<unknown> = async () => undefined): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ; ) {
    const found = await page({ ...variables, after });
    ids.push(...found.ids);
    if (!found.hasNextPage) return ids;
    after = found.endCursor;
    await between();
  }
}

async function problemsOf(variables: AuditEventsQueryVariables) {
  const reply = await gateway.send(AuditEventsDocument, variables, byAdmin());
  expect(reply.data?.auditEvents).toBeNull();
  expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
  return reply.errors[0]?.extensions.fields;
}

test("what really happened is told newest first, with everything that was written down", async () => {
  const { user, session, refreshToken } = await gateway.register();
  dataOf(await gateway.send(RefreshDocument, { input: { refreshToken } }, { headers: { "user-agent": "a browser" } }));
  await gateway.post({ query: `mutation { login(input: { email: "${user.email}", password: "not the password" }) { tokenType } }` });
  const { edges } = await page({ filter: { userId: user.id } });
  const about = { userId: user.id, ipAddress: "127.0.0.1" };
  expect(edges.map(({ node }) => node)).toMatchObject([
    { ...about, type: "LOGIN_FAILED", actorId: null, sessionId: null, succeeded: false, detail: '{"reason":"wrong_password"}' },
    { ...about, type: "TOKEN_REFRESHED", actorId: user.id, sessionId: session.id, succeeded: true, detail: null, userAgent: "a browser" },
    { ...about, type: "REGISTERED", actorId: user.id, sessionId: session.id, succeeded: true, detail: null },
  ]);
  const [row] = await gateway.database.sql`select occurred_at from audit_events where type = 'REGISTERED'`;
  expect(edges[2]?.node.occurredAt).toBe(row?.occurred_at.toISOString());
});

describe("who may read", () => {
  const query = "{ auditEvents { pageInfo { endCursor } } }";

  test("a plain user may not", async () => {
    const { accessToken } = await gateway.register();
    const reply = await gateway.post({ query }, { token: accessToken });
    expect(reply.data).toEqual({ auditEvents: null });
    const facts = { directive: "hasRole", required: [["admin"]], missing: ["admin"] };
    expect(reply.errors.map(({ extensions }) => extensions)).toEqual([{ code: "FORBIDDEN", coordinate: "Query.auditEvents", ...facts }]);
  });

  test("an anonymous caller may not", async () => {
    expect(codesOf(await gateway.post({ query }))).toEqual(["UNAUTHENTICATED"]);
  });
});

describe("pages", () => {
  test("have fifty entries by default, and say whether there are more", async () => {
    const ids: string[] = [];
    for (let number = 0; number < 51; number++) ids.unshift(await insertEvent({ at: noonPlus(number) }));
    const found = await page();
    expect(found.ids).toEqual(ids.slice(0, 50));
    expect(found).toMatchObject({ hasNextPage: true, endCursor: found.edges.at(-1)?.cursor });
    expect(await page({ after: found.endCursor })).toMatchObject({ ids: ids.slice(50), hasNextPage: false });
    expect((await page({ first: null })).ids).toEqual(found.ids);
    expect((await page({ first: 51 })).hasNextPage).toBe(false);
  });

  test("reach every entry exactly once while new ones are written and old ones purged", async () => {
    const ids: string[] = [];
    for (let number = 0; number < 40; number++) ids.unshift(await insertEvent({ at: noonPlus(Math.floor(number / 8)) }));
    const purged = ids.splice(-3);
    let newcomers = 0;
    const seen = await walk({ first: 4 }, async () => {
      newcomers += 1;
      await insertEvent({ at: noonPlus(1000 + newcomers) });
      await gateway.database.sql`delete from audit_events where id = ${purged.pop() ?? randomUUID()}`;
    });
    expect(newcomers).toBeGreaterThan(5);
    expect(seen).toEqual(ids);
  });

  test("part entries of one and the same instant", async () => {
    const ids: string[] = [];
    for (let number = 0; number < 9; number++) ids.unshift(await insertEvent());
    expect(await walk({ first: 2 })).toEqual(ids);
  });

  test("of entries by type are in one order, whichever type they are of", async () => {
    const types: AuditEventType[] = ["LOGOUT", "REGISTERED", "LOGIN_FAILED"];
    const ids: string[] = [];
    for (let number = 0; number < 20; number++) {
      ids.unshift(await insertEvent({ type: types[(number * 7) % 3] ?? "LOGOUT", at: noonPlus(number) }));
      await insertEvent({ type: "TOKEN_REFRESHED", at: noonPlus(number) });
    }
    expect(await walk({ first: 3, filter: { types } })).toEqual(ids);
    expect(await walk({ first: 3, filter: { types: [...types, ...types] } })).toEqual(ids);
  });

  test.each([0, -1, 101])("of %i are refused", async (first) => {
    expect(await problemsOf({ first })).toEqual({ first: ["Must be from 1 to 100."] });
  });

  const encode = (text: string) => Buffer.from(text).toString("base64url");
  test.each([
    ["nothing", ""],
    ["nonsense", "nonsense"],
    ["another list", encode(`user:${randomUUID()}`)],
    ["no id", encode("audit:x")],
    ["an id as it stands", randomUUID()],
  ])("behind a cursor that is not one of this list are refused: %s", async (_name, after) => {
    expect(await problemsOf({ after })).toEqual({ after: ["Is not a cursor of this list in this order."] });
  });

  test("are not begun where an id is none: every problem is told at once", async () => {
    const filter = { userId: "me", sessionId: "' or true --" };
    expect(await problemsOf({ first: 0, after: "x", filter })).toEqual({
      first: ["Must be from 1 to 100."],
      after: ["Is not a cursor of this list in this order."],
      "filter.userId": ["Is not an id."],
      "filter.sessionId": ["Is not an id."],
    });
  });

  test("are not begun where a time is none, and what was sent does not come back", async () => {
    const variables = { filter: { from: "the day before yesterday" } };
    const reply = await gateway.send(AuditEventsDocument, variables, byAdmin());
    expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    expect(reply.text).not.toContain("yesterday");
  });
});

describe("filters", () => {
  const [ada, bob] = [randomUUID(), randomUUID()];
  const [phone, laptop] = [randomUUID(), randomUUID()];
  /** In the order of time, a millisecond apart; named for what they are. */
  const happenings = {
    registered: { type: "REGISTERED", userId: ada, sessionId: phone },
    refreshed: { type: "TOKEN_REFRESHED", userId: ada, sessionId: phone },
    failed: { type: "LOGIN_FAILED", userId: bob },
    unknown: { type: "LOGIN_FAILED" },
    loggedIn: { type: "LOGIN_SUCCEEDED", userId: ada, sessionId: laptop },
    refreshedAgain: { type: "TOKEN_REFRESHED", userId: ada, sessionId: laptop },
    loggedOut: { type: "LOGOUT", userId: ada, sessionId: phone },
    rotated: { type: "SIGNING_KEY_ROTATED" },
  } satisfies Record<string, Facts>;
  type Happening = keyof typeof happenings;
  const names = Object.keys(happenings) as Happening[];
  const timeOf = (name: Happening) => noonPlus(names.indexOf(name)).toISOString();
  const everything = names.toReversed();

  test.each<[string, AuditEventsQueryVariables["filter"], Happening[]]>([
    ["none", null, everything],
    ["empty", {}, everything],
    ["nulls", { userId: null, sessionId: null, types: null, from: null, to: null }, everything],
    ["user", { userId: bob }, ["failed"]],
    ["user in capitals", { userId: bob.toUpperCase() }, ["failed"]],
    ["nobody", { userId: randomUUID() }, []],
    ["nobody, by what stands for it in the table", { userId: NIL }, []],
    ["session", { sessionId: phone }, ["loggedOut", "refreshed", "registered"]],
    ["user and session", { userId: ada, sessionId: laptop }, ["refreshedAgain", "loggedIn"]],
    ["somebody else's session", { userId: bob, sessionId: laptop }, []],
    ["type", { types: ["LOGIN_FAILED"] }, ["unknown", "failed"]],
    ["several types", { types: ["LOGOUT", "LOGIN_FAILED", "ROLES_CHANGED"] }, ["loggedOut", "unknown", "failed"]],
    ["no type at all", { types: [] }, []],
    ["no type at all, of a user", { userId: ada, types: [] }, []],
    ["user and types", { userId: ada, types: ["LOGIN_FAILED", "LOGOUT", "REGISTERED"] }, ["loggedOut", "registered"]],
    ["session and type", { sessionId: laptop, types: ["TOKEN_REFRESHED"] }, ["refreshedAgain"]],
    ["from, inclusive", { from: timeOf("loggedOut") }, ["rotated", "loggedOut"]],
    ["to, exclusive", { to: timeOf("failed") }, ["refreshed", "registered"]],
    ["between", { from: timeOf("failed"), to: timeOf("loggedIn") }, ["unknown", "failed"]],
    ["one millisecond", { from: timeOf("failed"), to: timeOf("unknown") }, ["failed"]],
    ["no time at all", { from: timeOf("failed"), to: timeOf("failed") }, []],
    ["backwards", { from: timeOf("rotated"), to: timeOf("registered") }, []],
    ["all of time", { from: "0001-01-01T00:00:00Z", to: "9999-12-31T23:59:59.999Z" }, everything],
    ["before there were such ids", { to: "1969-12-31T23:59:59Z" }, []],
    [
      "another time zone",
      { from: new Date(NOON + 6).toISOString().replace("12:", "14:").replace("Z", "+02:00") },
      ["rotated", "loggedOut"],
    ],
    ["user in a time", { userId: ada, from: timeOf("refreshed"), to: timeOf("loggedOut") }, ["refreshedAgain", "loggedIn", "refreshed"]],
    ["types in a time", { types: ["TOKEN_REFRESHED", "LOGOUT"], from: timeOf("failed") }, ["loggedOut", "refreshedAgain"]],
    [
      "all at once",
      { userId: ada, sessionId: phone, types: ["TOKEN_REFRESHED", "LOGOUT"], from: timeOf("registered"), to: timeOf("loggedOut") },
      ["refreshed"],
    ],
  ])("%s", async (_name, filter, expected) => {
    const idOf = new Map<string, Happening>();
    for (const name of names) idOf.set(await insertEvent({ ...happenings[name], at: new Date(timeOf(name)) }), name);
    expect((await page({ filter: filter ?? null })).ids.map((id) => idOf.get(id))).toEqual(expected);
    expect((await walk({ filter: filter ?? null, first: 1 })).map((id) => idOf.get(id))).toEqual(expected);
  });

  test("a type that the contract does not know is refused before anything is read", async () => {
    const reply = await gateway.post({ query: "{ auditEvents(filter: { types: [NONSENSE] }) { pageInfo { hasNextPage } } }" }, byAdmin());
    expect(reply.status).toBe(400);
  });
});
