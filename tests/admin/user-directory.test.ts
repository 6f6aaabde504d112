import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, UsersDocument, type UsersQueryVariables, UserWithSessionsDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { readUserDirectory, type UserDirectory } from "../support/users/user-directory.ts";

let gateway: TestGateway;
let admin: AuthFieldsFragment;
let directory: UserDirectory;

beforeAll(async () => {
  gateway = await startTestGateway();
  admin = await gateway.registerAdmin();
  directory = readUserDirectory(gateway, admin);
});
afterAll(() => gateway.close());
beforeEach(async () => {
  await gateway.database.sql`delete from users where id <> ${admin.user.id}`;
});

const byAdmin = () => ({ token: admin.accessToken });

async function problemsOf(variables: UsersQueryVariables) {
  const reply = await gateway.send(UsersDocument, variables, byAdmin());
  expect(reply.data?.users).toBeNull();
  expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
  return reply.errors[0]?.extensions.fields;
}

describe("user", () => {
  test("is any user by id, for an admin", async () => {
    const { user } = await gateway.register();
    expect(dataOf(await gateway.send(UserWithSessionsDocument, { id: user.id }, byAdmin())).user).toMatchObject(user);
  });

  test.each(["", "nonsense", randomUUID(), "0".repeat(10_000), "00000000-0000-0000-0000-00000000000\0"])(
    "is null for an id that is nobody's: %j",
    async (id) => {
      expect(dataOf(await gateway.send(UserWithSessionsDocument, { id }, byAdmin())).user).toBeNull();
    },
  );
});

describe("who may read", () => {
  const query = '{ user(id: "x") { id } users { totalCount } }';

  test("a plain user learns what they lack", async () => {
    const { accessToken } = await gateway.register();
    const reply = await gateway.post({ query }, { token: accessToken });
    expect(reply.data).toEqual({ user: null, users: null });
    const facts = { code: "FORBIDDEN", directive: "hasRole", required: [["admin"]], missing: ["admin"] };
    expect(reply.errors.map(({ extensions }) => extensions)).toEqual([
      { ...facts, coordinate: "Query.user" },
      { ...facts, coordinate: "Query.users" },
    ]);
  });

  test("an anonymous caller learns that a token is missing", async () => {
    const reply = await gateway.post({ query });
    expect(reply.data).toEqual({ user: null, users: null });
    expect(reply.errors.map(({ extensions }) => [extensions.code, extensions.reason])).toEqual(
      Array(2).fill(["UNAUTHENTICATED", "missing"]),
    );
  });

  test("nobody is shown a password's hash, nor can ask for it", async () => {
    await directory.insert("ada@example.com");
    const reply = await gateway.send(UsersDocument, {}, byAdmin());
    expect(reply.text).toContain("ada@example.com");
    expect(reply.text).not.toMatch(/argon2|password|hash/i);
    const asked = await gateway.post({ query: "{ users { edges { node { passwordHash } } } }" }, byAdmin());
    expect(asked.status).toBe(400);
  });
});

describe("pages", () => {
  test("are newest first, twenty by default", async () => {
    for (let number = 1; number <= 21; number++) await directory.insert(`user-${number}@example.com`);
    const found = await directory.page();
    expect(found.emails).toHaveLength(20);
    expect(found.emails[0]).toBe("user-21@example.com");
    expect(found.edges[0]?.node).toMatchObject({ roles: ["user"], status: "ACTIVE", emailVerified: false, lastLoginAt: null });
    expect(found.hasNextPage).toBe(true);
    expect(found.endCursor).toBe(found.edges.at(-1)?.cursor);
    expect((await directory.page({ first: null })).emails).toEqual(found.emails);
    expect((await directory.page({ after: found.endCursor })).emails).toEqual(["user-1@example.com", admin.user.email]);
  });

  test("say all that Relay's PageInfo says", async () => {
    for (const name of ["a", "b", "c"]) await directory.insert(`${name}@example.com`);
    const query = `query($after: String) {
      users(first: 1, after: $after, search: "") { edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
    }`;
    const pageBehind = async (after: string | null) => {
      const { users } = dataOf(await gateway.post({ query, variables: { after } }, byAdmin()));
      return users as { edges: { cursor: string }[]; pageInfo: Record<string, unknown> };
    };
    const first = await pageBehind(null);
    const cursor = first.edges[0]?.cursor ?? "";
    expect(first.pageInfo).toEqual({ hasNextPage: true, hasPreviousPage: false, startCursor: cursor, endCursor: cursor });
    expect((await pageBehind(cursor)).pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
  });

  test("an empty page has no cursor", async () => {
    expect(await directory.page({ search: "nobody" })).toEqual({ hasNextPage: false, endCursor: null, edges: [], emails: [] });
  });

  test.each([
    ["newest first", {}],
    ["by address", { search: "user-" }],
    ["with a role", { role: "support" }],
    ["by address with a role", { search: "user-", role: "support" }],
  ])("reach everybody exactly once while users come and go: %s", async (_name, filter) => {
    const emails: string[] = [];
    for (let number = 10; number < 30; number++) {
      emails.push(`user-${number}@example.com`);
      await directory.insert(`user-${number}@example.com`, { roles: ["user", "support"] });
    }
    let comers = 0;
    const seen = await directory.walk({ ...filter, first: 3 }, async () => {
      comers += 1;
      const newcomer = await directory.insert(`user-0${comers}@example.com`, { roles: ["user", "support"] });
      if (comers % 2 === 0) await gateway.database.sql`delete from users where id = ${newcomer}`;
    });
    expect(comers).toBeGreaterThan(5);
    expect(seen.filter((email) => email !== admin.user.email).toSorted()).toEqual(emails);
  });

  test("go on where they were when the very user of the cursor is deleted", async () => {
    for (const name of ["a", "b", "c", "d"]) await directory.insert(`${name}@example.com`);
    const found = await directory.page({ first: 2 });
    await gateway.database.sql`delete from users where id = ${found.edges[1]?.node.id ?? ""}`;
    expect((await directory.page({ after: found.endCursor })).emails).toEqual(["b@example.com", "a@example.com", admin.user.email]);
  });

  test.each([0, -1, 101, -(2 ** 31)])("of %i are refused", async (first) => {
    expect(await problemsOf({ first })).toEqual({ first: ["Must be from 1 to 100."] });
  });

  test("of a hundred are possible", async () => {
    expect((await directory.page({ first: 100 })).emails).toEqual([admin.user.email]);
  });

  const encode = (text: string) => Buffer.from(text).toString("base64url");
  test.each([
    ["nothing", ""],
    ["nonsense", "nonsense"],
    ["no base64url", "*** ***"],
    ["an id without an order", encode(randomUUID())],
    ["another order", encode(`email:a@example.com`)],
    ["another list", encode(`audit:${randomUUID()}`)],
    ["no id", encode("user:x")],
    ["an id in capitals", encode("user:018F0000-0000-7000-8000-00000000000A")],
    ["an id and more", encode(`user:${randomUUID()} `)],
    ["a property of every object", encode("constructor:x")],
    ["padding", `${Buffer.from(`user:${randomUUID()}`).toString("base64url")}==`],
    ["SQL", encode("user:' or true --")],
    ["a huge one", "A".repeat(50_000)],
  ])("behind a cursor that is not one of this list are refused: %s", async (_name, after) => {
    expect(await problemsOf({ after })).toEqual({ after: ["Is not a cursor of this list in this order."] });
  });

  test("by address refuse cursors of the newest-first order, and ones that no text can be", async () => {
    await directory.insert("ada@example.com");
    const { endCursor } = await directory.page();
    for (const after of [endCursor, encode("email:a\0b"), Buffer.from([0x65, 0x6d, 0x61, 0x69, 0x6c, 0x3a, 0xff]).toString("base64url")]) {
      expect(await problemsOf({ search: "a", after, first: 0 })).toEqual({
        first: ["Must be from 1 to 100."],
        after: ["Is not a cursor of this list in this order."],
      });
    }
  });
});
