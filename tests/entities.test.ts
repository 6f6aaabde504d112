import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthFieldsFragment } from "./generated/operations.ts";
import { LogoutDocument } from "./generated/operations.ts";
import { codesOf, dataOf, type Reply } from "./support/client.ts";
import { createTestDatabase, type TestDatabase } from "./support/database.ts";
import { startTestGateway, type TestGateway } from "./support/gateway.ts";
import { type StatementTap, tapStatements } from "./support/statement-tap.ts";

const FIELDS = "__typename ... on User { id email status } ... on Session { id current }";

let database: TestDatabase;
let tap: StatementTap;
let gateway: TestGateway;
let user: AuthFieldsFragment;
let other: AuthFieldsFragment;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  database = await createTestDatabase();
  tap = await tapStatements(database.url);
  gateway = await startTestGateway({ database: { ...database, url: tap.url } });
});
beforeEach(async () => {
  [user, other, admin] = [await gateway.register(), await gateway.register(), await gateway.registerAdmin()];
});
afterAll(async () => {
  await gateway.close();
  await tap.close();
  await database.drop();
});

type Answer = Reply<Record<string, unknown>>;

const userKey = (of: AuthFieldsFragment) => ({ __typename: "User", id: of.user.id });
const sessionKey = (of: AuthFieldsFragment) => ({ __typename: "Session", id: of.session.id });
const unknownKey = (typename: string) => ({ __typename: typename, id: randomUUID() });

function fetchEntities(representations: readonly unknown[], as?: AuthFieldsFragment, fields = FIELDS): Promise<Answer> {
  const query = `query($representations: [_Any!]!) { _entities(representations: $representations) { ${fields} } }`;
  return gateway.post({ query, variables: { representations } }, { token: as?.accessToken });
}

function entitiesOf({ data }: Answer): unknown[] {
  return data?._entities as unknown[];
}

/** What tells one refusal from another: everything but where in the list it is. */
function refusalsOf({ errors }: Answer): string[] {
  return errors.map(({ message, extensions }) => JSON.stringify({ message, extensions }));
}

describe("_entities", () => {
  test("answers the caller's own user and session", async () => {
    const reply = await fetchEntities([userKey(user), sessionKey(user)], user);
    expect(dataOf(reply)._entities).toEqual([
      { __typename: "User", id: user.user.id, email: user.user.email, status: "ACTIVE" },
      { __typename: "Session", id: user.session.id, current: true },
    ]);
  });

  test("takes no statement for what the access token says of the caller", async () => {
    const statements = await tap.during(() => fetchEntities([userKey(user)], user, "__typename ... on User { id email roles }"));
    expect(statements).toEqual([]);
  });

  test("answers another session of the caller's, whatever device it is on", async () => {
    const second = await gateway.login(user.user.email);
    const reply = await fetchEntities([sessionKey(second)], user);
    expect(dataOf(reply)._entities).toEqual([{ __typename: "Session", id: second.session.id, current: false }]);
  });

  test("refuses what is another user's at its own place, and answers the rest", async () => {
    const reply = await fetchEntities([userKey(other), userKey(user), sessionKey(other), sessionKey(user)], user);
    expect(reply.status).toBe(200);
    expect(entitiesOf(reply)).toEqual([null, expect.objectContaining(userKey(user)), null, expect.objectContaining(sessionKey(user))]);
    expect(reply.errors.map(({ path, extensions }) => [path, extensions])).toEqual(
      [0, 2].map((index) => [
        ["_entities", index],
        {
          code: "FORBIDDEN",
          coordinate: "Query._entities",
          directive: "hasRole",
          required: [["admin"]],
          missing: ["admin"],
        },
      ]),
    );
  });

  test.each(["User", "Session"])("cannot tell a %s of somebody else from one that does not exist", async (typename) => {
    const theirs = typename === "User" ? userKey(other) : sessionKey(other);
    const keys = [theirs, unknownKey(typename), { __typename: typename, id: "no id at all" }, { __typename: typename, id: "" }];
    const reply = await fetchEntities(keys, user, "__typename");
    expect(entitiesOf(reply)).toEqual([null, null, null, null]);
    expect(new Set(refusalsOf(reply)).size).toBe(1);
    expect(codesOf(reply)).toEqual(["FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "FORBIDDEN"]);
  });

  test("asks the database nothing on behalf of whoever may see no user at all", async () => {
    const statements = await tap.during(async () => {
      await fetchEntities([userKey(other), unknownKey("User")], user);
      await fetchEntities([userKey(other), sessionKey(other), unknownKey("Session")]);
    });
    expect(statements).toEqual([]);
  });

  test("tells an anonymous caller nothing, not even a __typename", async () => {
    const reply = await fetchEntities(
      [userKey(user), sessionKey(user), unknownKey("User"), unknownKey("Session")],
      undefined,
      "__typename",
    );
    expect(entitiesOf(reply)).toEqual([null, null, null, null]);
    expect(new Set(refusalsOf(reply)).size).toBe(1);
    expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "missing" });
  });

  test("is closed to a token that has been revoked", async () => {
    dataOf(await gateway.send(LogoutDocument, {}, { token: user.accessToken }));
    const reply = await fetchEntities([userKey(user), sessionKey(user)], user);
    expect(entitiesOf(reply)).toEqual([null, null]);
    expect(reply.errors.map(({ extensions }) => extensions.reason)).toEqual(["revoked", "revoked"]);
  });

  test("answers an admin for anybody, and null without an error for what does not exist", async () => {
    const reply = await fetchEntities(
      [userKey(user), sessionKey(other), unknownKey("User"), unknownKey("Session"), { __typename: "User", id: "x" }],
      admin,
    );
    expect(dataOf(reply)._entities).toEqual([
      expect.objectContaining(userKey(user)),
      expect.objectContaining(sessionKey(other)),
      null,
      null,
      null,
    ]);
  });

  test("does not open a field that has a stricter rule of its own", async () => {
    const nested = "... on User { sessions { id events(first: 5) { type } } }";
    const own = dataOf(await fetchEntities([userKey(user)], user, nested));
    expect(own._entities).toEqual([{ sessions: [{ id: user.session.id, events: expect.any(Array) }] }]);
    expect(entitiesOf(await fetchEntities([userKey(other)], user, nested))).toEqual([null]);
  });

  test("keeps believing the representation's id only: no field of it is answered", async () => {
    const forged = { ...userKey(user), email: "root@example.com", roles: ["admin"], status: "DISABLED", sessions: [sessionKey(other)] };
    const reply = await fetchEntities([forged], user, "... on User { email roles status sessions { id } }");
    expect(dataOf(reply)._entities).toEqual([
      { email: user.user.email, roles: ["user"], status: "ACTIVE", sessions: [{ id: user.session.id }] },
    ]);
  });

  test("takes an id in any letter case for what it is", async () => {
    const reply = await fetchEntities([{ __typename: "User", id: user.user.id.toUpperCase() }], admin);
    expect(dataOf(reply)._entities).toEqual([expect.objectContaining(userKey(user))]);
  });

  test("judges every alias by itself", async () => {
    const query = `query($own: [_Any!]!, $theirs: [_Any!]!) {
      mine: _entities(representations: $own) { __typename }
      theirs: _entities(representations: $theirs) { ...Whole }
      again: _entities(representations: $own) { ...Whole }
    }
    fragment Whole on _Entity { ... on User { id } }`;
    const reply = await gateway.post({ query, variables: { own: [userKey(user)], theirs: [userKey(other)] } }, { token: user.accessToken });
    expect(reply.data).toEqual({ mine: [{ __typename: "User" }], theirs: [null], again: [{ id: user.user.id }] });
    expect(reply.errors.map(({ path }) => path)).toEqual([["theirs", 0]]);
  });

  test("understands representations that are written into the document", async () => {
    const query = `query($id: ID!) { _entities(representations: [{ __typename: "User", id: $id }]) { __typename } }`;
    const reply = await gateway.post({ query, variables: { id: user.user.id } }, { token: user.accessToken });
    expect(dataOf(reply)._entities).toEqual([{ __typename: "User" }]);
  });
});

describe("the by-id fields for stitching", () => {
  const query = `query($users: [ID!]!, $sessions: [ID!]!) {
    usersById(ids: $users) { id email }
    sessionsById(ids: $sessions) { id }
  }`;

  test("follow the same rule, object by object, in the order of the ids", async () => {
    const variables = { users: [other.user.id, user.user.id, randomUUID()], sessions: [user.session.id, other.session.id] };
    const own = await gateway.post({ query, variables }, { token: user.accessToken });
    expect(own.data).toEqual({
      usersById: [null, { id: user.user.id, email: user.user.email }, null],
      sessionsById: [{ id: user.session.id }, null],
    });
    expect(own.errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([
      [["usersById", 0], "FORBIDDEN"],
      [["usersById", 2], "FORBIDDEN"],
      [["sessionsById", 1], "FORBIDDEN"],
    ]);
    const all = await gateway.post({ query, variables }, { token: admin.accessToken });
    expect(dataOf(all)).toEqual({
      usersById: [expect.objectContaining({ id: other.user.id }), expect.objectContaining({ id: user.user.id }), null],
      sessionsById: [{ id: user.session.id }, { id: other.session.id }],
    });
    const nobody = await gateway.post({ query, variables });
    expect(nobody.data).toEqual({ usersById: [null, null, null], sessionsById: [null, null] });
    expect(new Set(codesOf(nobody))).toEqual(new Set(["UNAUTHENTICATED"]));
  });
});

describe("many at once", () => {
  test("take one statement for each type, over aliases and both ways of asking", async () => {
    const query = `query($representations: [_Any!]!, $ids: [ID!]!) {
      a: _entities(representations: $representations) { ${FIELDS} }
      b: _entities(representations: $representations) { ${FIELDS} }
      usersById(ids: $ids) { email }
    }`;
    const representations = [user, other, admin, user].flatMap((each) => [userKey(each), sessionKey(each)]);
    const variables = { representations, ids: [user.user.id, other.user.id] };
    const statements = await tap.during(async () => dataOf(await gateway.post({ query, variables }, { token: admin.accessToken })));
    expect(statements.map((statement) => /from "(\w+)"/.exec(statement)?.[1]).sort()).toEqual(["sessions", "users"]);
  });

  test("up to 1,000 are answered, by one statement", async () => {
    const { sql } = gateway.database;
    const ids = Array.from({ length: 999 }, () => randomUUID());
    await sql`
      insert into users (id, email, email_key, password_hash, roles, status, created_at)
      select id::uuid, id || '@example.com', id || '@example.com', '$argon2id$not-to-be-shown', '{user}', 'ACTIVE', now()
      from unnest(${ids}::text[]) as made (id)`;
    const keys = [...ids.map((id) => ({ __typename: "User", id })), unknownKey("User")];
    let reply: Answer | undefined;
    const statements = await tap.during(async () => {
      reply = await fetchEntities(keys, admin, "... on User { id }");
    });
    expect(entitiesOf(reply as Answer)).toEqual([...ids.map((id) => ({ id })), null]);
    expect(statements.length).toBe(1);
  });

  test("1,000 of somebody else's are refused one by one, without a look at any", async () => {
    const keys = Array.from({ length: 1000 }, () => unknownKey("User"));
    const statements = await tap.during(async () => {
      const reply = await fetchEntities([...keys.slice(0, 999), userKey(user)], user, "... on User { id }");
      expect(reply.errors.length).toBe(999);
      expect(entitiesOf(reply).at(-1)).toEqual({ id: user.user.id });
    });
    expect(statements).toEqual([]);
  });

  test("more than 1,000 in one request are refused, over aliases as in one list", async () => {
    const keys = Array.from({ length: 501 }, () => userKey(user));
    const inOne = await fetchEntities([...keys, ...keys], user, "... on User { id }");
    expect(inOne.data).toBeNull();
    expect(inOne.errors[0]?.extensions).toMatchObject({ code: "BAD_USER_INPUT", fields: { request: [expect.stringContaining("1000")] } });
    const query =
      "query($r: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: $r) { __typename } }";
    const inTwo = await gateway.post({ query, variables: { r: keys } }, { token: user.accessToken });
    expect([inTwo.data, codesOf(inTwo)]).toEqual([null, ["BAD_USER_INPUT"]]);
  });

  test("cannot multiply lists beyond the rows that one request may read", async () => {
    const nested = "... on User { sessions { events(first: 20) { id } } }";
    const few = Array.from({ length: 10 }, () => userKey(user));
    expect(dataOf(await fetchEntities(few, user, nested))._entities).toHaveLength(10);
    const many = await fetchEntities(
      Array.from({ length: 1000 }, () => userKey(user)),
      user,
      nested,
    );
    expect(new Set(codesOf(many))).toEqual(new Set(["BAD_USER_INPUT"]));
  });
});

describe("a representation that says nothing", () => {
  test.each<[string, unknown]>([
    ["an empty object", {}],
    ["no id", { __typename: "User" }],
    ["an id that is null", { __typename: "User", id: null }],
    ["an id that is an object", { __typename: "User", id: { $ne: "" } }],
    ["an id that is a list", { __typename: "User", id: ["x"] }],
    ["no type", { id: randomUUID() }],
    ["a type that is no entity", { __typename: "AuditEvent", id: randomUUID() }],
    ["a type that does not exist", { __typename: "Admin", id: randomUUID() }],
    ["a root type", { __typename: "Query", id: randomUUID() }],
    ["a name that objects inherit", { __typename: "constructor", id: randomUUID() }],
    ["a type that is a list", { __typename: ["User"], id: randomUUID() }],
    ["a string", "User"],
    ["a number", 1],
    ["a list", [[]]],
  ])("is refused: %s", async (_what, representation) => {
    const reply = await fetchEntities([userKey(user), representation], user);
    expect(reply.data).toBeNull();
    expect(reply.errors).toEqual([expect.objectContaining({ path: ["_entities"] })]);
    expect(reply.errors[0]?.extensions).toEqual({
      code: "BAD_USER_INPUT",
      fields: { representations: ["Must each have a __typename (User or Session) and the id of one."] },
    });
    expect(reply.text).not.toMatch(/constructor|Admin|AuditEvent|\$ne/);
  });

  test("is refused where it would inherit what it has to say", async () => {
    const query = `{ _entities(representations: [{ __proto__: { __typename: "User", id: "${user.user.id}" } }]) { __typename } }`;
    expect(codesOf(await gateway.post({ query }, { token: user.accessToken }))).toEqual(["BAD_USER_INPUT"]);
  });

  test("is refused where it is null, or no list at all", async () => {
    for (const representations of [[null], null]) {
      const query = "query($representations: [_Any!]!) { _entities(representations: $representations) { __typename } }";
      const reply = await gateway.post({ query, variables: { representations } }, { token: user.accessToken });
      expect([reply.status, codesOf(reply)]).toEqual([400, ["BAD_USER_INPUT"]]);
    }
    expect(dataOf(await fetchEntities([], user))._entities).toEqual([]);
  });
});

test("an own user that is no more is refused, not invented from the token", async () => {
  await gateway.database.sql`delete from sessions where user_id = ${user.user.id}`;
  await gateway.database.sql`delete from users where id = ${user.user.id}`;
  const reply = await fetchEntities([userKey(user)], user, "... on User { status }");
  expect(entitiesOf(reply)).toEqual([null]);
  expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
});

test("entities count as calls like every other root field", async () => {
  const limited = await startTestGateway({ limits: "{ Query._entities: { max: 2, window: 1m } }" });
  const { accessToken: token, user: own } = await limited.register();
  const query =
    "query($r: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: $r) { __typename } c: _entities(representations: $r) { __typename } }";
  const reply = await limited.post({ query, variables: { r: [{ __typename: "User", id: own.id }] } }, { token });
  expect(codesOf(reply)).toEqual(["RATE_LIMITED"]);
  await limited.close();
});
