import { readdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";
import type { Shop } from "../support/graphs/shop.ts";
import { composeSupergraph } from "../support/graphs/supergraph.ts";
import { runCommand } from "../support/processes/command-line.ts";
import { type ExplainedShop, openExplainedShop } from "../support/processes/explained-shop.ts";

let explained: ExplainedShop;
let shop: Shop;
let inventory: ExplainedShop["inventory"];
let shipping: ExplainedShop["shipping"];
let folder: string;
let configure: ExplainedShop["configure"];
let run: ExplainedShop["run"];
let runAlone: ExplainedShop["runAlone"];
beforeAll(async () => {
  explained = await openExplainedShop();
  ({ shop, inventory, shipping, folder, configure, run, runAlone } = explained);
});
afterAll(() => explained.close());

describe("explain", () => {
  test("tells of each coordinate what it takes, who asks for that and what is missing", async () => {
    const result = await runAlone(["explain", "{ products { name cost price } me { id } suppliers { name account } }"]);
    expect(result).toEqual({
      code: 0,
      stderr: "",
      stdout: `For a caller without an access token:

Query.products    allowed
  needs    public

Product.name      allowed
  needs    public

Product.cost      UNAUTHENTICATED
  needs    scopes:products:cost
  missing  products:cost
  from     products  Product.cost  scopes:products:cost

Product.price     UNAUTHENTICATED
  needs    authenticated
  from     policy  Product.price  authenticated

Query.me          UNAUTHENTICATED
  needs    authenticated
  from     auth  Query.me  authenticated

User.id           allowed
  needs    public

Query.suppliers   UNAUTHENTICATED
  needs    roles:admin
  missing  admin
  from     products  Query.suppliers  roles:admin

Supplier.name     UNAUTHENTICATED
  needs    scopes:suppliers:read
  missing  suppliers:read
  from     policy  Supplier.name  scopes:suppliers:read

Supplier.account  UNAUTHENTICATED
  needs    roles:admin
  missing  admin
  from     products  Supplier.account  roles:admin

6 of 9 denied.
`,
    });
  });

  const cost = "{ products { cost } }";
  test.each([
    [["--anonymous"], "For a caller without an access token:", "UNAUTHENTICATED"],
    [["--roles", ""], "For a signed-in caller with the roles: none; scopes: none", "FORBIDDEN"],
    [["--roles", "user, buyer"], "For a signed-in caller with the roles: user, buyer; scopes: products:cost", "allowed"],
    [["--roles=buyer", "--scopes="], "For a signed-in caller with the roles: buyer; scopes: none", "FORBIDDEN"],
    [["--scopes", "a,products:cost"], "For a signed-in caller with the roles: none; scopes: a, products:cost", "allowed"],
  ])("takes the caller from %j", async (options, head, outcome) => {
    const { code, stdout } = await run(["explain", ...options, cost]);
    expect([code, stdout.split("\n")[0]]).toEqual([0, head]);
    expect(stdout).toContain(`Product.cost    ${outcome}\n`);
  });

  test("refuses a caller who is anonymous and has roles", async () => {
    expect(await run(["explain", "--anonymous", "--roles", "buyer", cost])).toEqual({
      code: 1,
      stdout: "",
      stderr: "A caller is either anonymous or has roles and scopes.\n",
    });
  });

  test("reads a file, and the operation of it that has the name", async () => {
    await writeFile(join(folder, "operations.graphql"), "query A { me { id } }\nquery B { products { id } }\n");
    const { stdout } = await run(["explain", "--operation-name", "B", "operations.graphql"]);
    expect(stdout).toContain("Query.products  allowed\n");
    expect(stdout).not.toContain("Query.me");
    const unnamed = await run(["explain", "operations.graphql"]);
    expect([unnamed.code, unnamed.stdout]).toEqual([1, ""]);
    expect(unnamed.stderr).toBe("The operation cannot be executed:\n  - Has no such operation, or several and no name was given.\n");
    expect(await run(["explain", "none.graphql"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "OPERATION cannot be read: none.graphql (no such file or folder)\n",
    });
  });

  test("tells where an operation is wrong, without a stack", async () => {
    const { code, stdout, stderr } = await run(["explain", "{ products { nam }\n  mee { id } }"]);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toBe(`The operation cannot be executed:
  - 1:14 Cannot query field "nam" on type "Product". Did you mean "name"?
  - 2:3 Cannot query field "mee" on type "Query". Did you mean "me"?
`);
  });

  test("asks the graphs behind the gateway for their SDL and for nothing else, and leaves nothing in the folder", async () => {
    shop.takeCalls();
    const before = await readdir(folder);
    expect(await run(["explain", 'mutation { rename(id: "1", name: "x") { name } }'])).toMatchObject({ code: 0 });
    expect(shop.takeCalls()).toEqual([]);
    expect(await readdir(folder)).toEqual(before);
  });

  test("names the field that a requirement is pulled from", async () => {
    const upstreams = Object.entries({ inventory, shipping }).map(
      ([name, { url }]) => `  - { name: ${name}, url: "${url}", sdl: { query: _service } }\n`,
    );
    await configure(`upstreams:\n${upstreams.join("")}`);
    const { stdout } = await run(["explain", "{ items { postage } }"]);
    await configure();
    expect(stdout).toContain("  from     shipping  Item.postage via Item.weight  roles:packer\n");
  });
});

test("a supergraph's file is what is printed, without asking anybody", async () => {
  const supergraph = await composeSupergraph([
    { name: "inventory", url: inventory.url },
    { name: "shipping", url: shipping.url },
  ]);
  await writeFile(join(folder, "supergraph.graphql"), supergraph);
  await configure("supergraph: { file: ./supergraph.graphql }\n");
  for (const { calls } of [inventory, shipping]) calls.splice(0);
  const { code, stdout } = await run(["print-access"]);
  await configure();
  expect(code).toBe(0);
  expect(stdout).toContain("User.items  authenticated  supergraph\n");
  expect(stdout).toContain("Query.me  authenticated  auth\n");
  expect([...inventory.calls, ...shipping.calls]).toEqual([]);
});

test("without a configuration it is the auth graph alone that is explained", async () => {
  const { code, stdout } = await runCommand(["explain", "{ me { email } }"], { cwd: tmpdir() });
  expect(code).toBe(0);
  expect(stdout).toContain("Query.me    UNAUTHENTICATED\n");
});

describe.each([["explain", "{ me { id } }"], ["print-access"]])("what would stop a server stops %s, in the same words", (...words) => {
  test.each([
    [
      "a rule for a field that does not exist",
      () => `${shop.yaml()}access: { rules: { Product.nothing: authenticated } }\n`,
      "Product.nothing",
    ],
    ["a configuration that is wrong", () => "access: { default: closed }\n", "access.default must be public or authenticated."],
    [
      "a graph that says no SDL",
      () => `upstreams:\n  - { name: gone, url: "${shop.stock.url}", sdl: { query: _service } }\n`,
      'The upstream "gone" does not answer the query for its SDL',
    ],
  ])("%s", async (_case, text, problem) => {
    await configure(text());
    const { code, stdout, stderr } = await run(words);
    await configure();
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(problem);
    expect(stderr).not.toMatch(/^ {4}at /m);
  });
});

test("docs/concepts/authorization.md shows what explain prints", async () => {
  const [, shown = ""] = /```text\n(For a signed-in caller[\s\S]*?)```/.exec(readDocument("docs/concepts/authorization.md")) ?? [];
  const { stdout } = await run(["explain", "--roles", "buyer", "{ products { name cost supplier { name account } } }"]);
  expect(shown).toBe(stdout);
});
