import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openSoleConnection } from "../../src/database/sole-connection.ts";
import { isDatabaseUnavailable } from "../../src/database/unavailable.ts";
import { explainFailure } from "../../src/start/process/explain-failure.ts";
import { makeReachableFolder } from "../support/folders.ts";
import { PRODUCTION_SECRET } from "../support/mail/outbox.ts";
import { until } from "../support/until.ts";

const programs = { server: "../../dist/main.js", command: "../../dist/cli/main.js" };

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
async function run(program: keyof typeof programs, env: Record<string, string>, words: readonly string[] = [], cwd = folder) {
  const file = fileURLToPath(new URL(programs[program], import.meta.url));
  const child = spawn(process.execPath, [file, ...words], {
    cwd,
    env: { PATH: process.env.PATH, PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const code = new Promise((resolve) => child.once("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}

/** The server's own note that it runs, and ours about whose it is. */
async function isDatabaseRunning(): Promise<boolean> {
  return (
    existsSync(join(folder, ".data/postgres/postmaster.pid")) ||
    (await readdir(join(folder, ".data")).catch((): string[] => [])).includes("postgres-owner")
  );
}

test.each<[string, keyof typeof programs, () => Record<string, string>, string[], RegExp]>([
  ["its port is taken", "server", () => ({ HOST: "127.0.0.1", PORT: takenPort() }), [], /PORT \d+ is in use .* such as PORT=\d+\./],
  ["a worker cannot start", "server", () => ({ GATEWAY_CONFIG: "hooks.yaml", WORKERS: "2" }), [], /A worker could not start/],
  [
    "the port of its metrics is taken",
    "server",
    () => ({ HOST: "127.0.0.1", METRICS_PORT: takenPort() }),
    [],
    /METRICS_PORT \d+ is in use/,
  ],
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

/** What another kind of server says to whoever connects, or to what it does not understand. */
const strangers: [string, string][] = [
  ["an HTTP server", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"],
  ["an SSH server", "SSH-2.0-OpenSSH_9.6\r\n"],
  ["MySQL", "\x4a\0\0\0\n8.4.0\0"],
  ["a server of one word", "?"],
];

test.each(strangers)("where DATABASE_URL leads to %s, with TLS or without, the start says so", async (_name, greeting) => {
  const stranger = createServer((socket) => socket.on("error", () => undefined).once("data", () => socket.end(greeting, "latin1")));
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const bound = stranger.address();
  const url = `postgres://a:b@127.0.0.1:${typeof bound === "object" ? bound?.port : ""}/auth`;
  for (const mode of ["prefer", "require"]) await expect(askFor(`${url}?sslmode=${mode}`)).resolves.toMatch(/does not speak as PostgreSQL/);
  if (greeting.length > 4) await expect(askFor(`${url}?sslmode=disable`)).resolves.toMatch(/does not speak as PostgreSQL/);
  stranger.close();
});

/** What an operator reads of the failure to connect. */
async function askFor(url: string): Promise<string> {
  const { sql, close } = openSoleConnection(url, { applicationName: "a test" });
  const failure = await sql`select 1`.then(
    () => undefined,
    (error: unknown) => error,
  );
  close();
  return explainFailure(failure);
}

test("a file that cannot be read says nothing about the database", async () => {
  for (const path of [join(folder, "none"), join(folder, "hooks.js", "below")]) {
    const failure = await readFile(path).catch((error: unknown) => error);
    expect(isDatabaseUnavailable(failure)).toBe(false);
  }
});

test("where .data cannot be made, a server and a command say so, and not that the database is away", async () => {
  const cwd = await makeReachableFolder("gateway-no-data-");
  await writeFile(join(cwd, ".data"), "a file where the folder should be");
  for (const [program, words] of [
    ["server", []],
    ["command", ["unlock", "a@acme.test"]],
  ] as const) {
    const { code, stderr } = await run(program, {}, words, cwd);
    expect(stderr).toBe(
      `${cwd}/.data cannot be made or written to (it is no folder). Open it to this account, or set DATABASE_URL and SECRET.\n`,
    );
    expect(code).toBe(1);
  }
  await rm(cwd, { recursive: true });
});

test("what is allowed and probably not meant is warned of when a server starts", async () => {
  await writeFile(join(folder, ".env"), "PROT=4001\n");
  const server = { PUBLIC_URL: "https://auth.acme.test", SECRET: PRODUCTION_SECRET, DATABASE_URL: "postgres://a:b@127.0.0.1:1/auth" };
  const { stdout } = await run("server", { NODE_ENV: "production", LOG_FORMAT: "json", ...server });
  await rm(join(folder, ".env"));
  const warnings = stdout.split("\n").flatMap((line) => (line.includes('"level":40') ? [JSON.parse(line).msg] : []));
  expect(warnings).toEqual([expect.stringContaining(".env sets PROT"), expect.stringContaining("there is no SMTP_URL")]);
});

test("a file that a command cannot read is told with the reason", async () => {
  const of = async (...words: string[]) => (await run("command", {}, words)).stderr;
  expect(await of("import-users", "none.jsonl")).toContain("FILE cannot be read: none.jsonl (no such file or folder)");
  expect(await of("print-access", "--check", "words")).toBe("--check cannot be read: words (it is a folder)\n");
});

test("what is wrong with the files that gateway.yaml names is told with everything else, before anything is started", async () => {
  const cwd = await makeReachableFolder("gateway-files-");
  await writeFile(join(cwd, "gateway.yaml"), "roles: { no role: {} }\nmail: { templates: ./none }\nhooks: { module: ./none.js }\n");
  const { stderr } = await run("server", {}, [], cwd);
  expect(stderr).toContain("The configuration has 3 problems");
  expect(stderr).toContain(`hooks.module cannot be read: ${cwd}/none.js (no such file or folder). The path is relative to gateway.yaml.`);
  expect(stderr).toContain(`mail.templates cannot be read: ${cwd}/none (no such file or folder)`);
  expect(await readdir(cwd)).toEqual(["gateway.yaml"]);
  await rm(cwd, { recursive: true });
});

test("a port that is taken is told before anything is started or made", async () => {
  const cwd = await makeReachableFolder("gateway-taken-port-");
  const { stderr } = await run("server", { HOST: "127.0.0.1", PORT: takenPort() }, [], cwd);
  expect(stderr).toContain(`PORT ${takenPort()} is in use`);
  expect(await readdir(cwd)).toEqual([]);
  await rm(cwd, { recursive: true });
});

/** Stops it as Ctrl-C does, once it is that far. */
async function interrupt(program: keyof typeof programs, words: readonly string[], isThatFar: (stderr: string) => boolean, cwd = folder) {
  const file = fileURLToPath(new URL(programs[program], import.meta.url));
  const env = { PATH: process.env.PATH, PORT: "0" };
  const child = spawn(process.execPath, [file, ...words], { cwd, env, stdio: ["ignore", "ignore", "pipe"] });
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

test("a server that somebody stops by Ctrl-C while its PostgreSQL is made gives that up, and leaves nothing half made", async () => {
  const cwd = await makeReachableFolder("gateway-given-up-");
  const { code } = await interrupt("server", [], () => existsSync(join(cwd, ".data/postgres.lock")), cwd);
  expect(code).toBe(0);
  expect((await readdir(join(cwd, ".data"))).sort()).toEqual(["postgres-password", "secret"]);
  await rm(cwd, { recursive: true });
});
