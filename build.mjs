// From src/ to dist/: compiles, and copies what is served as it stands. In Node.js, so that it runs on every system alike.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const compiler = fileURLToPath(new URL("bin/tsc", import.meta.resolve("typescript/package.json")));
const { status } = spawnSync(process.execPath, [compiler, "-p", "tsconfig.build.json"], { cwd: root, stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);
cpSync(`${root}src/http/pages/files`, `${root}dist/http/pages/files`, { recursive: true });
// Whoever packs or links the folder finds a program.
chmodSync(`${root}dist/cli/main.js`, 0o755);
