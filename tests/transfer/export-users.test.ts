import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createExportUsers } from "../../src/auth/transfer/export-users.ts";
import { openDatabase } from "../../src/database/open-database.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { emptyFolder } from "../support/folders.ts";
import { TEST_SECRET } from "../support/gateway.ts";
import { commandFile } from "../support/processes/command-line.ts";
import { SCHEMA } from "../support/raw-client.ts";
import { BCRYPT_HASH, openUserFiles, type UserFiles } from "../support/users/user-files.ts";

const USERS = 2500;

/** More than two pages, of all kinds. */
let database: TestDatabase;
let files: UserFiles;
beforeAll(async () => {
  database = await createTestDatabase();
  files = await openUserFiles(database);
  await database.sql`
    insert into users (id, email, email_key, email_verified, password_hash, roles, status, created_at, last_login_at)
    select gen_random_uuid(), 'Üser-' || n || '@Example.com', 'üser-' || n || '@example.com', n % 2 = 0,
      case when n % 7 = 0 then '!' else ${BCRYPT_HASH} end,
        case when n = 3 then '{user,admin}'::text[] when n = 4 then '{}' else '{user}' end,
      case when n % 11 = 0 then 'DISABLED' else 'ACTIVE' end, timestamptz '2020-01-01T00:00:00.123Z' + n * interval '1 hour',
      case when n % 3 = 0 then timestamptz '2024-01-01T00:00:00.456Z' end
    from generate_series(1, ${USERS}) as n`;
});
afterAll(async () => {
  await files.remove();
  await database.drop();
});

const allUsers = ({ sql }: TestDatabase) => sql`select * from users where erasure_at is null order by id`;

function idsIn(text: string): string[] {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).id);
}

test("what was exported and imported elsewhere is the same, user for user", async () => {
  const path = files.pathOf("users.ndjson");
  expect(await files.run(["export-users", "--output", path])).toMatchObject({ code: 0, stdout: `Exported ${USERS} users.\n` });
  const other = await createTestDatabase();
  const otherFiles = await openUserFiles(other);
  expect(await otherFiles.importFile(path, "--allow-admins")).toMatchObject({ code: 0, report: [] });
  expect([...(await allUsers(other))]).toEqual([...(await allUsers(database))]);
  expect((await otherFiles.run(["export-users"])).stdout).toBe(await readFile(path, "utf8"));
  await otherFiles.remove();
  await other.drop();
});

test("nothing that is written meanwhile is in it, and nothing that was there is missing", async () => {
  const open = openDatabase({ url: database.url, schema: SCHEMA, poolSize: 2 });
  const before = await allUsers(database);
  let text = "";
  const exported = await createExportUsers(open)(async (lines) => {
    text += lines;
    await database.sql`
      insert into users (id, email, email_key, password_hash, roles, created_at)
      select gen_random_uuid(), name, name, '!', '{user}', now()
      from (select 'late-' || gen_random_uuid() || '@example.com' as name from generate_series(1, 100)) as late`;
    await database.sql`update users set erasure_at = now() where id in (select id from users where erasure_at is null order by id desc
      limit 10)`;
    await database.sql`delete from users where id in (select id from users where erasure_at is null order by id desc limit 10)`;
  });
  expect(exported).toEqual({ users: before.length, leaving: 0 });
  expect(idsIn(text)).toEqual(before.map(({ id }) => id));
  await open.close();
});

test("goes to a new file that its owner alone may read, and to no other", async () => {
  const [path, taken] = [files.pathOf("private.ndjson"), files.pathOf("taken.ndjson")];
  await files.run(["export-users", "--output", path]);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await writeFile(taken, "kept");
  for (const name of [taken, path]) {
    const refused = await files.run(["export-users", "--output", name]);
    expect(refused).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^--output names a file that is there already: .*\n$/),
    });
  }
  expect(await readFile(taken, "utf8")).toBe("kept");
  await expect(stat(`${taken}.unfinished`)).rejects.toThrow("ENOENT");
});

test("is refused while another one goes to the same file, or was cut off", async () => {
  const path = files.pathOf("cut-off.ndjson");
  await writeFile(`${path}.unfinished`, "half a user");
  const { code, stderr } = await files.run(["export-users", "--output", path]);
  expect([code, stderr]).toEqual([
    1,
    `An export to this file is under way, or was cut off and left this behind; then remove it: ${path}.unfinished\n`,
  ]);
  expect(await readFile(`${path}.unfinished`, "utf8")).toBe("half a user");
});

test("has no file by that name where it fails", async () => {
  const path = files.pathOf("failed.ndjson");
  const elsewhere = { ...database, url: "postgres://127.0.0.1:1/nothing" };
  const failing = await openUserFiles(elsewhere);
  expect(await failing.run(["export-users", "--output", path])).toMatchObject({ code: 1, stdout: "" });
  for (const name of [path, `${path}.unfinished`]) await expect(stat(name)).rejects.toThrow("ENOENT");
  await failing.remove();
});

test("leaves out who is to be deleted, and hashes that fit no password", async () => {
  const other = await createTestDatabase();
  const otherFiles = await openUserFiles(other);
  await other.sql`
    insert into users (id, email, email_key, password_hash, roles, created_at, erasure_at) values
      (gen_random_uuid(), 'stays@example.com', 'stays@example.com', '$argon2id$damaged', '{user}', now(), null),
      (gen_random_uuid(), 'goes@example.com', 'goes@example.com', ${BCRYPT_HASH}, '{user}', now(), now() + interval '7 days')`;
  const { stdout, stderr } = await otherFiles.run(["export-users"]);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toMatchObject([{ email: "stays@example.com", passwordHash: null }]);
  expect(stderr).toBe("Exported 1 user. Left out 1 user whose account is to be deleted.\n");
  await otherFiles.remove();
  await other.drop();
});

test("says so where nobody reads on", async () => {
  const env = { PATH: process.env.PATH, DATABASE_URL: database.url, SECRET: TEST_SECRET };
  const child = spawn(process.execPath, [commandFile, "export-users"], { cwd: emptyFolder(), env });
  let stderr = "";
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdout.destroy();
  const [code] = await once(child, "close");
  expect([code, stderr]).toEqual([1, "Standard output was closed before everything was written.\n"]);
});
