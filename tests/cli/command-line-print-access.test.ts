import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Shop } from "../support/graphs/shop.ts";
import { type ExplainedShop, openExplainedShop, roles } from "../support/processes/explained-shop.ts";

let explained: ExplainedShop;
let shop: Shop;
let folder: string;
let configure: ExplainedShop["configure"];
let run: ExplainedShop["run"];
let runAlone: ExplainedShop["runAlone"];
beforeAll(async () => {
  explained = await openExplainedShop();
  ({ shop, folder, configure, run, runAlone } = explained);
});
afterAll(() => explained.close());

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
