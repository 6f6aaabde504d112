import { type ChildProcess, spawnSync } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "../../../src/dev-postgres/embedded-postgres.ts";
import { EmbeddedPostgresError } from "../../../src/dev-postgres/error.ts";
import { end, run, startElsewhere, urlOf } from "../../support/databases/embedded-elsewhere.ts";

const isRoot = process.getuid?.() === 0;
/** A folder whose database has been initialised. Most tests need no other: each starts its server and leaves it stopped. */
let used = "";
let folder = "";
let lines: string[] = [];
let started: EmbeddedPostgres[] = [];
let children: ChildProcess[] = [];

beforeAll(async () => {
  used = await createFolder();
  const database = await startEmbeddedPostgres({ directory: join(used, "data"), log: () => undefined });
  await database.stop();
});
afterAll(() => rm(used, { recursive: true, force: true }));

beforeEach(async () => {
  folder = used;
  lines = [];
  started = [];
  children = [];
});

afterEach(async () => {
  for (const child of children) child.kill("SIGKILL");
  for (const database of started) await database.stop();
  // Whoever a failed test has left behind; only what this test's own folder names.
  const pid = Number((await readFile(join(folder, "data/postgres/postmaster.pid"), "utf8").catch(() => "")).split("\n")[0]);
  if (pid > 1 && (await isPostgresOf(pid))) process.kill(pid, "SIGQUIT");
  if (folder !== used) await rm(folder, { recursive: true, force: true });
});

async function createFolder(): Promise<string> {
  const path = await mkdtemp(join(await realpath(tmpdir()), "embedded-postgres-"));
  // As an ordinary project's: root's PostgreSQL account can go through.
  await chmod(path, 0o755);
  return path;
}

async function isPostgresOf(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")).includes(folder);
}

async function start(): Promise<EmbeddedPostgres> {
  const database = await startEmbeddedPostgres({
    directory: join(folder, "data"),
    log: (line) => lines.push(line),
    onEnd: (line) => lines.push(line),
  });
  started.push(database);
  return database;
}

function elsewhere(): ChildProcess {
  const child = startElsewhere(folder);
  children.push(child);
  return child;
}

const processOf = async () => Number((await readFile(join(folder, "data/postgres/postmaster.pid"), "utf8")).split("\n")[0]);

test("it keeps its data and its password over a restart, and stops when told to", async () => {
  const first = await start();
  await run(first.url, "create table kept (name text); insert into kept values ('Zoë')");
  await Promise.all([first.stop(), first.stop()]);
  await expect(run(first.url, "select 1")).rejects.toThrow();

  const second = await start();
  expect(await run(second.url, "select upper(name) as name from kept")).toEqual([{ name: "ZOË" }]);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  expect(await readdir(join(folder, "data"))).toEqual(["postgres", "postgres-owner", "postgres-password", "postgres.log"]);
});

test("only who knows the password gets in, from this machine alone", async () => {
  const { url } = await start();
  const wrong = new URL(url);
  wrong.password = "postgres";
  await expect(run(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  expect((await stat(join(folder, "data/postgres-password"))).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "data/postgres"))).mode & 0o777).toBe(0o700);
  const settings = await run(
    url,
    "select name, setting from pg_settings where name in ('listen_addresses', 'server_encoding', 'TimeZone')",
  );
  expect(Object.fromEntries(settings.map(Object.values))).toEqual({
    listen_addresses: "127.0.0.1",
    server_encoding: "UTF8",
    TimeZone: "UTC",
  });
  expect(await run(url, "select 1 from pg_hba_file_rules where auth_method <> 'scram-sha-256'")).toEqual([]);
  expect(lines.join()).not.toContain(new URL(url).password);
});

test("a server that outlives its killed owner is adopted, and stopped by who adopted it", async () => {
  const other = elsewhere();
  const url = await urlOf(other);
  await run(url, "create table acknowledged ()");
  await end(other, "SIGKILL");

  const adopted = await start();
  expect(adopted.url).toBe(url);
  expect(lines).toEqual([expect.stringContaining("found running")]);
  await run(url, "select from acknowledged");
  await adopted.stop();
  await expect(run(url, "select 1")).rejects.toThrow();
});

test("many starts at one moment share one server, which its owner alone stops, though an earlier start was killed halfway", async () => {
  folder = await createFolder();
  const data = join(folder, "data");
  const unfinished = async () => (await readdir(data).catch(() => [])).filter((name) => name.startsWith("postgres.new"));
  const killed = elsewhere();
  const others = [elsewhere(), elsewhere()];
  // Until the cluster is being made, which takes most of a second. Whichever of the three does it.
  while ((await unfinished()).length === 0) await sleep(5);
  const holder = Number.parseInt(await readFile(join(data, "postgres.lock"), "utf8"), 10);
  await end([killed, ...others].find(({ pid }) => pid === holder) ?? killed, "SIGKILL");
  const left = [killed, ...others].filter(({ pid }) => pid !== holder);

  const urls = await Promise.all([...left.map(urlOf), start().then(({ url }) => url), start().then(({ url }) => url)]);
  expect(new Set(urls).size).toBe(1);
  expect((await readFile(join(data, "postgres.log"), "utf8")).match(/ready to accept connections/g)).toHaveLength(1);
  expect(await unfinished()).toEqual([]);

  const owner = Number.parseInt(await readFile(join(data, "postgres-owner"), "utf8"), 10);
  const [url = ""] = urls;
  for (const other of left.filter(({ pid }) => pid !== owner)) await end(other, "stop");
  if (owner !== process.pid) for (const database of started) await database.stop();
  await run(url, "select 1");
  for (const other of left.filter(({ pid }) => pid === owner)) await end(other, "stop");
  for (const database of started) await database.stop();
  await expect(run(url, "select 1")).rejects.toThrow();
});

test("who stays when the owner was killed stops the server", async () => {
  const other = elsewhere();
  const url = await urlOf(other);
  const second = await start();
  await end(other, "SIGKILL");
  await second.stop();
  await expect(run(url, "select 1")).rejects.toThrow();
});

test("nothing committed is lost when PostgreSQL itself is killed", async () => {
  const first = await start();
  await run(first.url, "create table survived as select 1 as one");
  const pid = await processOf();
  process.kill(pid, "SIGKILL");
  await expect
    .poll(() => lines.at(-1), { timeout: 10_000 })
    .toBe(`the embedded PostgreSQL (process ${pid}) has stopped: start this server again`);

  const second = await start();
  expect(await run(second.url, "select one from survived")).toEqual([{ one: 1 }]);
});

test("one that waits for those who are connected before it ends is told, and not waited for", async () => {
  const { url } = await start();
  const connected = postgres(url, { max: 1, fetch_types: false });
  await connected`select 1`;
  process.kill(await processOf(), "SIGTERM");
  await expect.poll(() => readFile(join(folder, "data/postgres/postmaster.pid"), "utf8")).toContain("stopping");
  await expect(start()).rejects.toThrow(/is shutting down, and waits for those who are connected/);
  await connected.end({ timeout: 1 });
});

test("what dead processes left behind is harmless", async () => {
  const data = join(folder, "data");
  const { pid } = spawnSync("true");
  await writeFile(join(data, "postgres.lock"), `${pid} 0b0e7a1c`);
  await writeFile(join(data, "postgres-owner"), `${pid} 5f0e7a1c`);
  await writeFile(join(data, "postgres/postmaster.pid"), `${pid}\n${data}/postgres\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`);
  await (await start()).stop();
  expect(await readdir(data)).toEqual(["postgres", "postgres-password", "postgres.log"]);
});

test.runIf(process.platform === "linux")("what names a pid that another program has by now is harmless", async () => {
  const data = join(folder, "data");
  await writeFile(join(data, "postgres.lock"), `${process.pid}@1 0b0e7a1c`);
  await writeFile(join(data, "postgres-owner"), `${process.pid}@1 5f0e7a1c`);
  await writeFile(join(data, "postgres/postmaster.pid"), `${process.pid}\n${data}/postgres\n1\n5432\n\n127.0.0.1\n1 1\nready   \n`);
  await (await start()).stop();
  expect(await readdir(data)).toEqual(["postgres", "postgres-password", "postgres.log"]);
});

test("data that cannot be used stays as it is, and the error says what to do", async () => {
  folder = await createFolder();
  const data = join(folder, "data");
  await mkdir(join(data, "postgres"), { recursive: true });
  await expect(start()).rejects.toThrow(/PG_VERSION is missing/);
  await writeFile(join(data, "postgres/PG_VERSION"), "14\n");
  await expect(start()).rejects.toThrow(/written by PostgreSQL 14; the one installed now is 18 .* move .*data\/postgres away/);
  expect(await readdir(join(data, "postgres"))).toEqual(["PG_VERSION"]);

  await rename(join(data, "postgres"), join(folder, "elsewhere"));
  await symlink(join(folder, "gone"), join(data, "postgres"));
  await expect(start()).rejects.toThrow(/leads to a folder that is gone/);
  await expect(start()).rejects.toThrow(EmbeddedPostgresError);
  expect(await readdir(data)).toEqual(["postgres"]);
});

test("a server that cannot start tells the end of its log", async () => {
  const settings = join(folder, "data/postgres/postgresql.auto.conf");
  const text = await readFile(settings, "utf8");
  await writeFile(settings, "nonsense = on\n");
  await expect(start()).rejects.toThrow(/did not start.*postgres\.log:\n.*unrecognized configuration parameter "nonsense"/s);
  await writeFile(settings, text);
});

test.runIf(isRoot)("as root, a folder that PostgreSQL's account cannot reach holds a link to one that it can", async () => {
  folder = await createFolder();
  await chmod(folder, 0o700);
  const first = await start();
  await run(first.url, "create table kept ()");
  const link = join(folder, "data/postgres");
  expect((await lstat(link)).isSymbolicLink()).toBe(true);
  const target = await realpath(link);
  const earlier = `${target.slice(0, target.lastIndexOf("-"))}-earlier`;
  try {
    expect(await stat(target)).toMatchObject({ mode: 0o40700 });
    expect((await stat(target)).uid).toBeGreaterThan(0);
    await first.stop();
    await mkdir(earlier);
    await writeFile(`${earlier}.origin`, `${folder}/data\n`);
    await run((await start()).url, "select from kept");
    expect(lines.at(-1)).toContain(`${earlier} holds the data of an earlier start in ${folder}`);
  } finally {
    for (const database of started) await database.stop();
    expect(dirname(target)).toBe("/var/lib/graphql-auth-gateway");
    expect(await readFile(`${target}.origin`, "utf8")).toBe(`${folder}/data\n`);
    await Promise.all([target, `${target}.origin`, earlier, `${earlier}.origin`].map((path) => rm(path, { recursive: true, force: true })));
  }
});
