import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeReachableFolder } from "./support/folders.ts";
import { until } from "./support/until.ts";

const programs = { server: "../dist/main.js", command: "../dist/cli/main.js" };

let folder: string;
let taken: Server;
beforeAll(async () => {
  folder = await makeReachableFolder("gateway-failed-start-");
  taken = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => taken.once("listening", resolve));
  await mkdir(join(folder, "words"));
  await writeFile(join(folder, "words", "no-such-message.txt"), "?");
  await writeFile(join(folder, "hooks.js"), "throw new Error('not today');");
  await writeFile(join(folder, "hooks.yaml"), "hooks: { module: ./hooks.js }\n");
  await writeFile(join(folder, "words.yaml"), "mail: { templates: ./words }\n");
});
afterAll(async () => {
  taken.close();
  await rm(folder, { recursive: true, force: true });
});

function takenPort(): string {
  const bound = taken.address();
  return String(typeof bound === "object" ? bound?.port : "");
}

/** Runs until it ends by itself. */
async function run(program: keyof typeof programs, env: Record<string, string>, words: readonly string[] = []) {
  const file = fileURLToPath(new URL(programs[program], import.meta.url));
  const child = spawn(process.execPath, [file, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** The server's own note that it runs, and ours about whose it is. */
async function isDatabaseRunning(): Promise<boolean> {
  return existsSync(join(folder, ".data/postgres/postmaster.pid")) || (await readdir(join(folder, ".data"))).includes("postgres-owner");
}

test.each<[string, keyof typeof programs, () => Record<string, string>, string[], RegExp]>([
  ["its port is taken", "server", () => ({ HOST: "127.0.0.1", PORT: takenPort() }), [], /PORT is in use/],
  ["a worker's port is taken", "server", () => ({ HOST: "127.0.0.1", PORT: takenPort(), WORKERS: "2" }), [], /A worker could not start/],
  ["the port of its metrics is taken", "server", () => ({ HOST: "127.0.0.1", METRICS_PORT: takenPort() }), [], /METRICS_PORT cannot/],
  ["a hook cannot be loaded", "server", () => ({ GATEWAY_CONFIG: "hooks.yaml" }), [], /hooks\.module/],
  ["words of mail are wrong", "server", () => ({ GATEWAY_CONFIG: "words.yaml" }), [], /mail\.templates/],
  ["the first admin's password is none", "server", () => ({ ADMIN_EMAIL: "a@acme.test", ADMIN_PASSWORD: "short" }), [], /ADMIN_PASSWORD/],
  ["a command fails", "command", () => ({}), ["set-password", "nobody@acme.test"], /./],
])("where %s, the start says why, and its PostgreSQL is stopped", async (_why, program, env, words, why) => {
  const { code, stdout, stderr } = await run(program, env(), words);
  expect(stderr, stdout).toMatch(why);
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(code).toBe(1);
  expect(await isDatabaseRunning()).toBe(false);
});

/** Stops it as Ctrl-C does, once it is that far. */
async function interrupt(program: keyof typeof programs, words: readonly string[], isThatFar: (stderr: string) => boolean) {
  const file = fileURLToPath(new URL(programs[program], import.meta.url));
  const env = { PATH: process.env.PATH, PORT: "0" };
  const child = spawn(process.execPath, [file, ...words], { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise((resolve) => child.once("close", resolve));
  await until(() => isThatFar(stderr), 10_000);
  child.kill("SIGINT");
  return { code: await exited, stderr };
}

test("a command that somebody stops by Ctrl-C stops its PostgreSQL, and says nothing of a database that went away", async () => {
  const users = Array.from({ length: 50_000 }, (_, index) => `{"email":"user-${index}@acme.test"}\n`);
  await writeFile(join(folder, "users.jsonl"), users.join(""));
  const { code, stderr } = await interrupt("command", ["import-users", "users.jsonl"], (told) => told.includes("Embedded PostgreSQL"));
  expect(code).toBe(130);
  expect(stderr).toMatch(/^Embedded PostgreSQL [^\n]*\n(Imported[^\n]*)?$/);
  expect(await isDatabaseRunning()).toBe(false);
});

test("a server that somebody stops by Ctrl-C while its PostgreSQL starts leaves none behind", async () => {
  const { code } = await interrupt("server", [], () => existsSync(join(folder, ".data/postgres.lock")));
  expect(code).toBe(0);
  expect(await isDatabaseRunning()).toBe(false);
});
