import { execFile, execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createIdentityTokens } from "../../../src/auth/tokens/identity-tokens.ts";
import { keyFromPrivate } from "../../../src/auth/tokens/keys/key-pairs.ts";
import { createFixedKeys } from "../../../src/auth/tokens/keys/signing-keys.ts";
import { systemClock } from "../../../src/core/clock.ts";
import { createSecureRandom } from "../../../src/core/random.ts";
import { createEmptyDatabase } from "../../support/database.ts";
import { readDocument } from "../../support/documents.ts";
import { startKeyServer } from "../../support/keys/key-server.ts";
import { copyUnbuilt, link } from "../../support/unbuilt-checkout.ts";

/*
 * What npm packs, unpacked as npm installs it. Registries are not asked: the packages that ours depend on are linked from this checkout,
 * those that package.json names and no others; what they are without our overrides is read from the lock file.
 */

const root = fileURLToPath(new URL("../../..", import.meta.url));
const run = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

interface Manifest {
  readonly name: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** The files that a package promises: its programs, and what can be imported. */
function promised(path: string): string[] {
  const { bin = {}, exports } = JSON.parse(readDocument(join(path, "package.json"))) as Manifest;
  return [...Object.values(bin), ...Object.values(exports).flatMap((each) => Object.values(each))].map((file) => file.replace("./", ""));
}

interface LockedPackage {
  readonly version?: string;
  readonly dev?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

let folder: string;
/** The paths in the package of the gateway, and in that of verify. */
let gatewayPaths: readonly string[];
let verifyPaths: readonly string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "packed-"));
  writeFileSync(join(folder, "package.json"), "{}");
  [gatewayPaths, verifyPaths] = await Promise.all([install("."), install("packages/verify")]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Packs a package of this checkout, as it was built, and puts it into the folder's `node_modules`. */
async function install(path: string): Promise<readonly string[]> {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const { stdout } = await run("npm", args, { cwd: join(root, path), maxBuffer: 2 ** 24 });
  const [{ filename, files }] = JSON.parse(stdout) as [Packed];
  const { name, bin = {}, dependencies } = JSON.parse(readDocument(join(path, "package.json"))) as Manifest;
  const target = join(folder, "node_modules", name);
  mkdirSync(target, { recursive: true });
  await run("tar", ["xzf", join(folder, filename), "--strip-components=1", "-C", target]);
  for (const each of Object.keys(dependencies)) link(join(root, "node_modules", each), join(target, "node_modules", each));
  for (const [program, file] of Object.entries(bin)) link(join(target, file), join(folder, "node_modules/.bin", program));
  return files.map((each) => each.path);
}

describe("the gateway, packed", () => {
  test("serves by `npx graphql-auth-gateway serve` in any folder, and says where", async () => {
    const database = await createEmptyDatabase();
    const env = { PATH: process.env.PATH, HOME: folder, PORT: "0", DATABASE_URL: database.url };
    const server = spawn("npx", ["--offline", "graphql-auth-gateway", "serve"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    let url: string | undefined;
    for await (const chunk of server.stdout) {
      output += String(chunk);
      url = /"address":"(http:[^"]+)"/.exec(output)?.[1];
      if (url !== undefined) break;
    }
    expect(output).toContain("The auth graph runs at");
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    server.kill("SIGTERM");
    await once(server, "exit");
    await database.drop();
  });

  test("has the programs, the migrations and the schema, and no sources", () => {
    const wanted = [...promised("."), "dist/main.js", "drizzle/meta/_journal.json", "schema/auth.graphql", "LICENSE"];
    expect(gatewayPaths).toEqual(expect.arrayContaining(wanted));
    expect(gatewayPaths.filter((path) => /^(src|packages\/(?!verify\/README\.md$)|tests|node_modules|\.env$|\.data)/.test(path))).toEqual(
      [],
    );
  });

  test("has what its pages link to, but the tests and the table of imports, as docs/README.md says", () => {
    expect(readDocument("docs/README.md")).toContain("the package that `npm run pack` makes has no tests");
    const pages = gatewayPaths.filter((path) => path.endsWith(".md"));
    const lost = pages.flatMap((page) => {
      const text = readDocument(page).replaceAll(/^```[\s\S]*?^```$/gm, "");
      const targets = [...text.matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, target = ""]) => join(dirname(page), target));
      return targets
        .filter((target) => !gatewayPaths.some((path) => path === target || path.startsWith(target)))
        .map((target) => [page, target]);
    });
    expect(pages.length).toBeGreaterThan(30);
    expect(lost.filter(([, target = ""]) => !target.startsWith("tests/") && target !== ".dependency-cruiser.mjs")).toEqual([]);
  });

  test("is built by the command that packs it, and verify as well, in a checkout that never was", async () => {
    const checkout = copyUnbuilt(join(folder, "checkout"));
    const pages = ["docs/reference/command-line.md", "docs/guides/upstreams.md", "packages/verify/README.md"];
    const commands = new Set(pages.map((page) => /`(npm [^`]*pack[^`]*)`/.exec(readDocument(page))?.[1]));
    expect([...commands]).toEqual(["npm run pack"]);
    const { stdout } = await run("npm", ["run", "--silent", "pack", "--", "--json", "--pack-destination", folder], { cwd: checkout });
    const packed = (JSON.parse(stdout) as Packed[]).map(({ files }) => files.map(({ path }) => path));
    expect(packed).toEqual([
      expect.arrayContaining([...promised("."), "dist/main.js", "dist/http/pages/files/account.js"]),
      expect.arrayContaining(promised("packages/verify")),
    ]);
  });

  test("needs no override of ours: each package of the lock file takes what it asks for", () => {
    const { packages } = JSON.parse(readDocument("package-lock.json")) as { packages: Record<string, LockedPackage> };
    const semver = npmSemver();
    const misfits = Object.entries(packages).flatMap(([path, { dev, dependencies = {} }]) =>
      Object.entries(dependencies).flatMap(([name, range]) => {
        const found = dev ? undefined : findPackage(packages, path, name)?.version;
        return found === undefined || semver.satisfies(found, range) ? [] : [`${path} asks for ${name} ${range} and gets ${found}`];
      }),
    );
    expect(misfits).toEqual([]);
  });
});

/** npm's own. */
function npmSemver(): { satisfies(version: string, range: string): boolean } {
  const global = execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim();
  return createRequire(`${global}/npm/package.json`)("semver");
}

/** As Node.js finds it from there: in the folder of the package itself first. */
function findPackage(packages: Record<string, LockedPackage>, from: string, name: string): LockedPackage | undefined {
  for (let path = from; path !== ""; path = path.slice(0, Math.max(0, path.lastIndexOf("/node_modules/")))) {
    const found = packages[`${path}/node_modules/${name}`];
    if (found !== undefined) return found;
  }
  return packages[`node_modules/${name}`];
}

describe("packages/verify, packed", () => {
  test("verifies a gateway's identity in a folder that has it and jose", async () => {
    const keys = await startKeyServer();
    const key = keyFromPrivate("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
    keys.answer("/.well-known/jwks.json", { keys: [key.publicJwk] });
    const parts = { keys: createFixedKeys([key]), clock: systemClock, random: createSecureRandom() };
    const expiresAt = new Date(Date.now() + 900_000);
    const caller = { issuer: keys.url, subject: "u-1", sessionId: "s-1", roles: new Set(["user"]), scopes: new Set<string>(), expiresAt };
    const token = createIdentityTokens(parts, { issuer: keys.url }).issue(caller, { audience: "products", claims: [] });
    const [program = ""] = /```js\n([\s\S]*?)```/.exec(readDocument("packages/verify/README.md"))?.slice(1) ?? [];
    const here = program
      .replace("https://auth.example.com", keys.url)
      .replace("request.headers", JSON.stringify({ "gateway-identity": token }));
    writeFileSync(join(folder, "service.mjs"), `${here}\nconsole.log(identity.userId);`);
    expect((await run(process.execPath, ["service.mjs"], { cwd: folder })).stdout).toBe("u-1\n");
    await keys.close();
  });

  test("depends on jose alone, and has its types", () => {
    expect(verifyPaths).toEqual(expect.arrayContaining([...promised("packages/verify"), "README.md", "LICENSE"]));
    const { dependencies } = JSON.parse(readDocument("packages/verify/package.json")) as Manifest;
    expect(Object.keys(dependencies)).toEqual(["jose"]);
  });
});
