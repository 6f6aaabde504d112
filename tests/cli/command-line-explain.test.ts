import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";
import { openShop, type Shop } from "../support/graphs/shop.ts";
import { serveInventory, serveShipping } from "../support/graphs/subgraphs.ts";
import { composeSupergraph } from "../support/graphs/supergraph.ts";
import { runCommand, runCommandAlone } from "../support/processes/command-line.ts";

type Subgraph = Awaited<ReturnType<typeof serveInventory>>;

let shop: Shop;
let inventory: Subgraph;
let shipping: Subgraph;
let folder: string;

beforeAll(async () => {
  [shop, inventory, shipping] = await Promise.all([openShop(), serveInventory(), serveShipping()]);
  folder = await mkdtemp(join(tmpdir(), "explain-"));
  await configure();
});
afterAll(async () => {
  await Promise.all([shop, inventory, shipping].map((each) => each?.close()));
  await rm(folder, { recursive: true, force: true });
});

const rules = 'access: { rules: { Product.price: authenticated, Supplier.name: { scopes: [["suppliers:read"]] } } }\n';
const roles = 'roles: { buyer: { scopes: ["products:cost"] } }\n';

/** Identity for upstreams takes keys of a server, which commands do not have. */
function configure(text = `${shop.yaml("identity: {}")}${roles}${rules}`): Promise<void> {
  return writeFile(join(folder, "gateway.yaml"), text);
}

/** As in CI: production, without a database, a secret, or whatever else production asks for. */
const run = (words: readonly string[], env: Record<string, string> = {}) => runCommand(words, optionsOf(env));

/** In a process that has to end by itself. */
const runAlone = (words: readonly string[]) => runCommandAlone(words, optionsOf({}));

const optionsOf = (env: Record<string, string>) => ({ env: { NODE_ENV: "production", ...env }, cwd: folder });

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

describe("print-access", () => {
  test("prints every field of every graph, with what it takes and who asks for that", async () => {
    const { code, stdout, stderr } = await runAlone(["print-access"]);
    expect([code, stderr]).toEqual([0, ""]);
    const lines = stdout.split("\n");
    for (const line of [
      "Mutation.login  public",
      "Mutation.rename  authenticated  products",
      "Place.code  roles:admin  stock",
      "Product.cost  scopes:products:cost  products",
      "Product.name  public",
      "Product.price  authenticated  policy",
      "Query.explainAccess  roles:admin  auth",
      "Query.me  authenticated  auth",
      "Subscription.stockChanged  scopes:stock:read  stock",
      "User.nickname  public",
    ]) {
      expect(lines).toContain(line);
    }
    expect(stdout).not.toContain("_sdl");
  });

  test("with --check is content with the file that it has written, whatever the ends of its lines", async () => {
    const { stdout } = await run(["print-access"]);
    for (const text of [stdout, stdout.replaceAll("\n", "\r\n")]) {
      await writeFile(join(folder, "access.lock"), text);
      expect(await run(["print-access", "--check", "access.lock"])).toEqual({
        code: 0,
        stdout: "access.lock is up to date.\n",
        stderr: "",
      });
    }
  });

  test("with --check fails where a policy has changed, with what stood there and what is so now", async () => {
    await writeFile(join(folder, "access.lock"), (await run(["print-access"])).stdout);
    await configure(`${shop.yaml()}${roles}access: { rules: { Product.name: { roles: [buyer] }, Product.price: authenticated } }\n`);
    const result = await run(["print-access", "--check", "access.lock"]);
    await configure();
    expect(result).toEqual({
      code: 1,
      stdout: "",
      stderr: `access.lock is out of date: - stands there, + is so now.
- Product.name  public
+ Product.name  roles:buyer  policy
- Supplier.name  scopes:suppliers:read  policy
+ Supplier.name  public
`,
    });
  });

  test("with --check fails for a graph that has opened a field, or has a new one", async () => {
    const { stdout } = await run(["print-access"]);
    const closed = stdout.replace("Product.inStock  public", "Product.inStock  authenticated  stock").replace("Product.name  public\n", "");
    await writeFile(join(folder, "access.lock"), closed);
    const { code, stderr } = await run(["print-access", "--check", "access.lock"]);
    expect([code, stderr.split("\n").slice(1, -1)]).toEqual([
      1,
      ["- Product.inStock  authenticated  stock", "+ Product.inStock  public", "+ Product.name  public"],
    ]);
  });

  test("with --check fails where there is no file", async () => {
    expect(await run(["print-access", "--check", "none.lock"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "--check cannot be read: none.lock (no such file or folder)\n",
    });
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
