import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";

/** Fails when the tables in `src/database/tables` have changes that no migration in `drizzle/` makes. */
// Inside the checkout, because drizzle-kit takes relative paths only.
const copy = mkdtempSync(join(process.cwd(), "node_modules", ".stale-migrations-"));
try {
  cpSync("drizzle", copy, { recursive: true });
  const before = readdirSync(copy).length;
  const args = ["--dialect", "postgresql", "--schema", "./src/database/tables/*.ts", "--out", relative(process.cwd(), copy)];
  execFileSync(process.execPath, ["node_modules/drizzle-kit/bin.cjs", "generate", ...args], { stdio: "pipe" });
  if (readdirSync(copy).length !== before) throw new Error("drizzle/ is stale: run `npm run migrations` and commit what it writes");
} finally {
  rmSync(copy, { recursive: true, force: true });
}
