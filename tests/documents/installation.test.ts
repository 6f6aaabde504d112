import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly deprecated?: string;
  readonly engines?: { readonly node?: string };
}

const { scripts, engines, overrides } = JSON.parse(readDocument("package.json")) as {
  scripts: Record<string, string>;
  engines: { node: string };
  overrides: Record<string, string>;
};
const { packages } = JSON.parse(readDocument("package-lock.json")) as { packages: Record<string, LockedPackage> };
const locked = Object.entries(packages).filter(([path]) => path !== "");
/** npm's own, which judges engines at the installation. */
const semver = createRequire(npmFolder())("semver") as { satisfies(version: string, range: string): boolean };

function npmFolder(): string {
  return `${execFileSync("npm", ["root", "--global"], { encoding: "utf8" }).trim()}/npm/package.json`;
}

test.each(["20.19.0", "22.23.0", "24.9.0"])("every package of the lock file takes Node %s", (version) => {
  expect(semver.satisfies(version, engines.node)).toBe(true);
  const refusing = locked.filter(([, { engines: wanted }]) => wanted?.node !== undefined && !semver.satisfies(version, wanted.node));
  expect(refusing.map(([path, { engines: wanted }]) => `${path}: ${wanted?.node}`)).toEqual([]);
});

test("no package of the lock file is deprecated, and none says which registry it came from", () => {
  expect(locked.filter(([, each]) => each.deprecated !== undefined).map(([path]) => path)).toEqual([]);
  expect(locked.filter(([, each]) => each.resolved?.includes("//")).map(([path]) => path)).toEqual([]);
});

test("npm, old and new, finds nothing missing in the lock file: optional peers that are there are of the version that is asked for", () => {
  // npm 10 refuses a lock file whose top level has another version of an optional peer; npm 11 does not mind.
  const requests = locked.flatMap(([path, each]) =>
    Object.entries((each as { peerDependencies?: object }).peerDependencies ?? {}).map(([name, range]) => ({
      path,
      name,
      range: String(range),
    })),
  );
  const wrong = requests.filter(({ path, name, range }) => {
    // Whoever overrides a version has answered for every range.
    if (Object.hasOwn(overrides, name)) return false;
    const found = findPackage(path, name);
    return found?.version !== undefined && !satisfiesPeer(found.version, range);
  });
  expect(wrong).toEqual([]);
});

/** As Node.js finds it from there: in the folder of the package itself first. */
function findPackage(from: string, name: string): LockedPackage | undefined {
  const folders = from.split("/node_modules/");
  for (let depth = folders.length - 1; depth >= 1; depth--) {
    const found = packages[`${folders.slice(0, depth).join("/node_modules/")}/node_modules/${name}`];
    if (found !== undefined) return found;
  }
  return packages[`node_modules/${name}`];
}

function satisfiesPeer(version: string, range: string): boolean {
  return semver.satisfies(version, range) || semver.satisfies(version.replace(/-.*/, ""), range);
}

test("the scripts of a user's first day run in any shell, Windows' included", () => {
  for (const name of ["build", "start", "dev", "test", "check", "cli"]) {
    expect(scripts[name], name).not.toMatch(/\b(mkdir|cp|rm|mv|export)\b|'|\$|;/);
  }
});

test("`npx vitest run FILE` in the root runs with the configuration of the tests", async () => {
  const [ofRoot, ofTests] = await Promise.all([import("../../vitest.config.ts"), import("../vitest.config.ts")]);
  expect(ofRoot.default).toBe(ofTests.default);
  expect(scripts.test).toMatch(/&& vitest run --project tests$/);
});
