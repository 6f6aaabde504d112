// From src/ to dist/: compiles, and copies what is served as it stands. In Node.js, so that it runs on every system alike.
// With --if-older only where dist/ is older than what it is made of; it says so, because that takes a while.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
/** Written last, so that a build that was cut off is none. */
const stamp = `${root}dist/.built`;

/** Folders count, too: a file that is removed changes its folder. */
function isOlder() {
  if (!existsSync(stamp)) return true;
  const builtAt = statSync(stamp).mtimeMs;
  const inSource = readdirSync(`${root}src`, { recursive: true, encoding: "utf8" }).map((path) => `src/${path}`);
  const all = ["src", "build.mjs", "package.json", "tsconfig.json", "tsconfig.build.json", ...inSource];
  return all.some((path) => statSync(root + path).mtimeMs >= builtAt);
}

if (process.argv.includes("--if-older")) {
  if (!isOlder()) process.exit(0);
  process.stderr.write("Building dist/ from src/: once, and again after each change …\n");
}
rmSync(stamp, { force: true });
const compiler = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
cpSync(`${root}src/http/pages/files`, `${root}dist/http/pages/files`, { recursive: true });
// Whoever packs or links the folder finds a program.
chmodSync(`${root}dist/cli/main.js`, 0o755);
writeFileSync(stamp, "");
