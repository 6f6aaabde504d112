import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthFieldsFragment } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
import { startTestGateway } from "../../support/gateway.ts";
import {
  type Answer,
  createFetchEntities,
  entitiesOf,
  type FetchEntities,
  readsDuring,
  sessionKey,
  unknownKey,
  userKey,
} from "../../support/graphs/entities.ts";
import type { StatementTap } from "../../support/wires/statement-tap.ts";
import { startTappedGateway, type TappedGateway } from "../../support/wires/tapped-gateway.ts";

let tap: StatementTap;
let gateway: TappedGateway;
let fetchEntities: FetchEntities;
let user: AuthFieldsFragment;
let other: AuthFieldsFragment;
let admin: AuthFieldsFragment;

beforeAll(async () => {
  gateway = await startTappedGateway();
  tap = gateway.tap;
  fetchEntities = createFetchEntities(gateway);
});
beforeEach(async () => {
  [user, other, admin] = [await gateway.register(), await gateway.register(), await gateway.registerAdmin()];
});
afterAll(() => gateway.close());

describe("many at once", () => {
  test("take one statement for each type, over aliases and both ways of asking", async () => {
    const query = `query($representations: [_Any!]!, $ids: [ID!]!) {
      a: _entities(representations: $representations) { __typename ... on User { status } ... on Session { current } }
      b: _entities(representations: $representations) { __typename ... on User { status } ... on Session { current } }
      usersById(ids: $ids) { email }
    }`;
    const representations = [user, other, admin, user].flatMap((each) => [userKey(each), sessionKey(each)]);
    const variables = { representations, ids: [user.user.id, other.user.id] };
    const reads = await readsDuring(tap, async () => dataOf(await gateway.post({ query, variables }, { token: admin.accessToken })));
    expect(reads).toEqual(["sessions", "users"]);
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
    const reads = await readsDuring(tap, async () => {
      reply = await fetchEntities(keys, admin, "... on User { id }");
    });
    expect(entitiesOf(reply as Answer)).toEqual([...ids.map((id) => ({ id })), null]);
    expect(reads).toEqual(["users"]);
  });

  test("1,000 of somebody else's are refused one by one, without a look at any", async () => {
    const keys = Array.from({ length: 1000 }, () => unknownKey("User"));
    const reads = await readsDuring(tap, async () => {
      const reply = await fetchEntities([...keys.slice(0, 999), userKey(user)], user, "... on User { id }");
      expect(reply.errors.length).toBe(999);
      expect(entitiesOf(reply).at(-1)).toEqual({ id: user.user.id });
    });
    expect(reads).toEqual([]);
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

test("entities count as calls like every other root field", async () => {
  const limited = await startTestGateway({ limits: "{ Query._entities: { max: 2, window: 1m } }" });
  const { accessToken: token, user: own } = await limited.register();
  const query =
    "query($r: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: $r) { " +
    "__typename } c: _entities(representations: $r) { __typename } }";
  const reply = await limited.post({ query, variables: { r: [{ __typename: "User", id: own.id }] } }, { token });
  expect(codesOf(reply)).toEqual(["RATE_LIMITED"]);
  await limited.close();
});
