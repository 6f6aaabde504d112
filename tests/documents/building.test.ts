import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, test } from "vitest";
import { readDocument } from "../support/documents.ts";
import { copyUnbuilt } from "../support/unbuilt-checkout.ts";

const folder = mkdtempSync(join(tmpdir(), "gateway-building-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("npm start and npm run cli build what has changed, and say so; else they begin at once", async () => {
  const { scripts } = JSON.parse(readDocument("package.json"));
  for (const script of ["start", "cli", "rotate-keys"]) expect(scripts[script]).toMatch(/^node build\.mjs --if-older && node dist\//);
  const checkout = copyUnbuilt(join(folder, "checkout"));
  const build = async () => (await promisify(execFile)(process.execPath, ["build.mjs", "--if-older"], { cwd: checkout })).stderr;
  expect(await build()).toMatch(/^Building dist\/ from src\//);
  expect(await build()).toBe("");
  writeFileSync(join(checkout, "src/added.ts"), "export {};\n");
  expect(await build()).toMatch(/^Building/);
  expect(existsSync(join(checkout, "dist/added.js"))).toBe(true);
  rmSync(join(checkout, "src/added.ts"));
  expect(await build()).toMatch(/^Building/);
});
