import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type AuthFieldsFragment, UsersWithCountDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
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

async function count(variables: { search?: string; role?: string; status?: "ACTIVE" | "DISABLED" } = {}): Promise<number | undefined> {
  return dataOf(await gateway.send(UsersWithCountDocument, variables, byAdmin())).users?.totalCount;
}

describe("search", () => {
  beforeEach(async () => {
    for (const email of [
      "Zoë@example.com",
      "zoe@example.com",
      "zo_e@example.com",
      "zo%e@example.com",
      "bob@example.com",
      "ада@example.com",
    ])
      await directory.insert(email);
  });

  test.each([
    ["the start of an address", "bo", ["bob@example.com"]],
    ["a whole address", "bob@example.com", ["bob@example.com"]],
    ["any letter case", "BOB@Ex", ["bob@example.com"]],
    ["spaces around it", "  bob ", ["bob@example.com"]],
    ["byte order", "zo", ["zo%e@example.com", "zo_e@example.com", "zoe@example.com", "Zoë@example.com"]],
    ["decomposed letters", "ZOE\u0308", ["Zoë@example.com"]],
    ["another alphabet", "АД", ["ада@example.com"]],
    ["a per cent sign that stands for itself", "zo%", ["zo%e@example.com"]],
    ["an underscore that stands for itself", "zo_", ["zo_e@example.com"]],
    ["only per cent", "%", []],
    ["a backslash", "zo\\", []],
    ["a quote", "bob'", []],
    ["what stands in the middle", "ob@example.com", []],
    ["more than a whole address", "bob@example.comm", []],
    ["U+0000", "bob\0", []],
    ["a lone surrogate", "bob\ud800", []],
    ["the last code point", "\u{10FFFF}", []],
    ["far too much", "b".repeat(50_000), []],
  ])("finds by %s", async (_name, search, emails) => {
    expect((await directory.page({ search })).emails).toEqual(emails);
    expect(await count({ search })).toBe(emails.length);
  });

  test.each([
    ["all of it", (id: string) => id],
    ["capitals", (id: string) => id.toUpperCase()],
    ["its first digits up to a hyphen", (id: string) => id.slice(0, 14)],
    ["all digits without hyphens", (id: string) => id.replaceAll("-", "")],
  ])("finds by id: %s", async (_name, written) => {
    const id = await directory.insert("eve@example.net");
    expect((await directory.page({ search: written(id) })).emails).toContain("eve@example.net");
    expect((await directory.page({ search: `${id.slice(0, 35)}${id.endsWith("0") ? "1" : "0"}` })).emails).toEqual([]);
  });

  test("finds a whole domain, in any spelling, in the order of the addresses and page by page", async () => {
    for (const email of ["b@münchen.example", "a@münchen.example", "c@muenchen.example"]) await directory.insert(email);
    for (const search of ["@münchen.example", "@MÜNCHEN.example", "@xn--mnchen-3ya.example"]) {
      expect(await directory.walk({ search, first: 1 })).toEqual(["a@münchen.example", "b@münchen.example"]);
      expect(await count({ search })).toBe(2);
    }
    expect((await directory.page({ search: "@münchen" })).emails).toEqual([]);
  });

  test.each(["", "   "])("for nothing is no search: %j", async (search) => {
    expect((await directory.page({ search })).emails).toEqual((await directory.page()).emails);
  });
});

describe("filters", () => {
  beforeEach(async () => {
    await directory.insert("a1@example.com", { roles: ["user", "support"] });
    await directory.insert("a2@example.com", { roles: ["user", "support"], status: "DISABLED" });
    await directory.insert("a3@example.com", { status: "DISABLED" });
    await directory.insert("b1@example.com", { roles: ["support"] });
  });

  test.each([
    ["role", { role: "support" }, ["b1", "a2", "a1"]],
    ["a role that nobody has", { role: "nobody" }, []],
    ["a role that cannot be", { role: "support\0" }, []],
    ["the start of a role", { role: "supp" }, []],
    ["disabled", { status: "DISABLED" as const }, ["a3", "a2"]],
    ["active with a role", { role: "support", status: "ACTIVE" as const }, ["b1", "a1"]],
    ["disabled with a role", { role: "support", status: "DISABLED" as const }, ["a2"]],
    ["search with a role", { search: "a", role: "support" }, ["a1", "a2"]],
    ["search and disabled", { search: "a", status: "DISABLED" as const }, ["a2", "a3"]],
    ["all three", { search: "A", role: "support", status: "ACTIVE" as const }, ["a1"]],
  ])("%s", async (_name, filter, names) => {
    const emails = names.map((name) => `${name}@example.com`);
    expect((await directory.page(filter)).emails).toEqual(emails);
    expect(await directory.walk({ ...filter, first: 1 })).toEqual(emails);
    expect(await count(filter)).toBe(names.length);
  });

  test("active ones include whoever is asking", async () => {
    expect((await directory.page({ status: "ACTIVE" })).emails).toEqual(["b1@example.com", "a1@example.com", admin.user.email]);
    expect(await count()).toBe(5);
  });
});

test("a role that is rare among many users is found whole and in order, whatever the page", async () => {
  await gateway.database.sql`
    insert into users (id, email, email_key, password_hash, roles, created_at)
    select ('00000000-' || lpad(number::text, 4, '0') || '-7000-8000-000000000000')::uuid, email, email, '-',
      case when number % 1000 = 0 then '{user,auditor}'::text[] else '{user}'::text[] end, now()
    from (select number, 'made-' || number || '@example.com' as email from generate_series(1, 5000) as number) as made`;
  const newestFirst = [5000, 4000, 3000, 2000, 1000].map((number) => `made-${number}@example.com`);
  expect((await directory.page({ role: "auditor" })).emails).toEqual(newestFirst);
  expect(await directory.walk({ role: "auditor", first: 2 })).toEqual(newestFirst);
  expect(await directory.walk({ role: "auditor", search: "made", first: 2 })).toEqual(newestFirst.toReversed());
  expect(await directory.walk({ role: "user", search: "made-1", first: 100 })).toHaveLength(1111);
});
