import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What builds and packs; of the sources only the files that the packages promise, because compiling all of them takes long. */
export function copyUnbuilt(target: string): string {
  const kept = ["package.json", ".npmrc", "build.mjs", "tsconfig.json", "tsconfig.build.json", "packages", "src/http/pages/files"];
  const isSource = (path: string) => !/\/(dist|node_modules)$/.test(path);
  for (const path of kept) cpSync(join(root, path), join(target, path), { recursive: true, filter: isSource });
  for (const path of ["src/main.ts", "src/cli/main.ts", "src/hooks/hooks.ts"]) {
    mkdirSync(dirname(join(target, path)), { recursive: true });
    writeFileSync(join(target, path), "export {};\n");
  }
  link(join(root, "node_modules"), join(target, "node_modules"));
  return target;
}

export function link(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  symlinkSync(from, to);
}
