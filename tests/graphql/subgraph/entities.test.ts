import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuthFieldsFragment } from "../../generated/operations.ts";
import { LogoutDocument } from "../../generated/operations.ts";
import { codesOf, dataOf } from "../../support/client.ts";
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
    const reads = await readsDuring(tap, () => fetchEntities([userKey(user)], user, "__typename ... on User { id email roles }"));
    expect(reads).toEqual([]);
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
    const reads = await readsDuring(tap, async () => {
      await fetchEntities([userKey(other), unknownKey("User")], user);
      await fetchEntities([userKey(other), sessionKey(other), unknownKey("Session")]);
    });
    expect(reads).toEqual([]);
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

test("an own user that is no more is refused, not invented from the token", async () => {
  await gateway.database.sql`delete from sessions where user_id = ${user.user.id}`;
  await gateway.database.sql`delete from users where id = ${user.user.id}`;
  const reply = await fetchEntities([userKey(user)], user, "... on User { status }");
  expect(entitiesOf(reply)).toEqual([null]);
  expect(reply.errors[0]?.extensions).toMatchObject({ code: "UNAUTHENTICATED", reason: "revoked" });
});
