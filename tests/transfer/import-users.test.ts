import { readFile, writeFile } from "node:fs/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { openUserFile } from "../../src/cli/parts/user-file.ts";
import { LoginDocument } from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { newEmail, PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import { BCRYPT_HASH } from "../support/users/user-files.ts";
import { importBeside } from "./imported-users.ts";

const imported = importBeside();
const { rowOf } = imported;

const login = (email: string, password = PASSWORD) => imported.gateway.send(LoginDocument, { input: { email, password } });

async function eventsOf(email: string): Promise<unknown[]> {
  const { id = null } = await rowOf(email);
  const rows = await imported.gateway.database.sql`
    select type, actor_id, succeeded, detail from audit_events where user_id = ${id as string | null} order by id`;
  return rows.map((row) => ({ ...row }));
}

describe("a user with a hash of another system", () => {
  const hashes = [
    ["bcrypt", BCRYPT_HASH],
    ["argon2id", "$argon2id$v=19$m=1024,t=3,p=2$jZESghBCyFmrNab0HqN0Tg$f4UoLIr2HhekwkfzH74H29E8BDh44lIzXT5DPY9iWok"],
    ["PBKDF2, passlib", "$pbkdf2$131000$d27NeY9RCkFobY3RmvN.bw$TgDEcW70ZRfZ.KbSUKh/0I/wYBQ"],
    ["PBKDF2, Django", "pbkdf2_sha256$29000$Yk3mPq81sZtL$EvHLZ55xdapMlhWQVGbUyBDf+5topkEAR0tQaHex6wY="],
    ["scrypt", "$scrypt$ln=14,r=8,p=1$hBDC2JvTGuM8R0hJybmXkg$RIPUTo7YD2CaWqePiK2sx0R+8AzpZPfnrwjK7yXrtEU"],
  ] as const;
  const emailOf = (scheme: string) => `${scheme.replace(/\W+/g, "-")}@example.com`.toLowerCase();

  beforeAll(async () => {
    const lines = hashes.map(([scheme, passwordHash]) => ({ email: emailOf(scheme), passwordHash }));
    expect(await imported.files.importFile(await imported.files.write(lines))).toMatchObject({ code: 0, report: [] });
  });

  test.each(hashes)("signs in with the old password, and has a hash of ours from then on: %s", async (scheme, passwordHash) => {
    const email = emailOf(scheme);
    expect((await rowOf(email)).password_hash).toBe(passwordHash);
    expect(codesOf(await login(email, "a short walk by the sea"))).toEqual(["INVALID_CREDENTIALS"]);
    expect(dataOf(await login(email)).login.user.email).toBe(email);
    await until(async () => String((await rowOf(email)).password_hash).startsWith("$argon2id$v=19$m=19456,t=2,p=1$"), 5000);
    expect(codesOf(await login(email))).toEqual([]);
  });
});

test("a user without a hash, or disabled, signs in with no password", async () => {
  const [none, isNull, disabled] = [newEmail(), newEmail(), newEmail()];
  const lines = [
    { email: none },
    { email: isNull, passwordHash: null },
    { email: disabled, status: "DISABLED", passwordHash: BCRYPT_HASH },
  ];
  expect(await imported.files.importFile(await imported.files.write(lines))).toMatchObject({ code: 0 });
  for (const email of [none, isNull, disabled]) {
    for (const password of [PASSWORD, "!"]) expect(codesOf(await login(email, password))).toEqual(["INVALID_CREDENTIALS"]);
    expect(await rowOf(email)).toMatchObject({ last_login_at: null });
  }
});

describe("what a line tells", () => {
  test("is what the account has", async () => {
    const email = newEmail().replace("user", "User");
    const id = "9B2F0C1E-3B55-4C3E-9F0B-0A6E4D1C2B3A";
    const times = { createdAt: "2019-03-04T05:06:07.089+02:00", lastLoginAt: "2024-05-17T09:30:00Z" };
    const line = {
      id,
      email,
      emailVerified: true,
      roles: ["user", "support", "user"],
      status: "ACTIVE",
      ...times,
      passwordHash: BCRYPT_HASH,
    };
    expect(await imported.files.importFile(await imported.files.write([line]))).toMatchObject({
      code: 0,
      stdout: "Of 1 line, 1 user imported, 0 bad.\n",
    });
    expect(await rowOf(email)).toEqual({
      id: id.toLowerCase(),
      email,
      email_key: email.toLowerCase(),
      email_verified: true,
      password_hash: BCRYPT_HASH,
      roles: ["user", "support"],
      status: "ACTIVE",
      version: 1,
      created_at: new Date("2019-03-04T03:06:07.089Z"),
      last_login_at: new Date("2024-05-17T09:30:00Z"),
      erasure_at: null,
    });
  });

  test("may be an address alone: a user who was made now, unverified, who has never signed in", async () => {
    const email = newEmail();
    await imported.files.importFile(await imported.files.write([{ email }]));
    const { created_at, ...row } = await rowOf(email);
    expect(row).toMatchObject({ email_verified: false, roles: ["user"], status: "ACTIVE", last_login_at: null });
    expect(Math.abs(Number(created_at) - Date.now())).toBeLessThan(600_000);
  });

  test("verified is another name of emailVerified", async () => {
    const email = newEmail();
    await imported.files.importFile(await imported.files.write([{ email, verified: true }]));
    expect(await rowOf(email)).toMatchObject({ email_verified: true });
  });

  test("makes ids that sort by the time of creation", async () => {
    const years = [2021, 2019, 2023, 2020, 2022];
    const lines = years.map((year) => ({ email: `${year}-${newEmail()}`, createdAt: `${year}-01-01T00:00:00Z` }));
    await imported.files.importFile(await imported.files.write(lines));
    const rows = await imported.gateway.database.sql`
      select extract(year from created_at)::int as year from users where email = any(${lines.map(({ email }) => email)}) order by id`;
    expect(rows.map(({ year }) => year)).toEqual(years.toSorted());
  });

  test("is in the audit trail, with the file and the line", async () => {
    const email = newEmail();
    await imported.files.importFile(await imported.files.write(["", { email }]));
    const detail = { by: "import", file: expect.stringMatching(/^[0-9a-f]{64}$/), line: 2 };
    expect(await eventsOf(email)).toEqual([{ type: "REGISTERED", actor_id: null, succeeded: true, detail }]);
  });

  test("may have a mark of UTF-8 at the start, ends of line of Windows, blank lines, and no end at the end", async () => {
    const [first, second, third] = [newEmail(), newEmail(), newEmail()];
    const path = await imported.files.write([]);
    await writeFile(path, `\uFEFF{"email":"${first}"}\r\n\r\n  \t\r\n{"email":"${second}"}\r\n{"email":"${third}"}`);
    expect(await imported.files.importFile(path)).toMatchObject({ code: 0, stdout: "Of 5 lines, 3 users imported, 0 bad.\n" });
    for (const email of [first, second, third]) expect(await rowOf(email)).toMatchObject({ email });
  });
});

describe("admins", () => {
  test("are made only where that was allowed, and audited as such", async () => {
    const email = newEmail();
    const path = await imported.files.write([{ email, roles: ["user", "admin"] }]);
    const refused = await imported.files.importFile(path);
    expect(refused).toMatchObject({ code: 1, report: [{ line: 1, field: "roles", reason: "Makes an admin, which was not allowed." }] });
    expect(await rowOf(email)).toEqual({});

    const other = await imported.files.write([{ email, roles: ["user", "admin"] }, ""]);
    expect(await imported.files.importFile(other, "--allow-admins")).toMatchObject({ code: 0 });
    expect(await rowOf(email)).toMatchObject({ roles: ["user", "admin"] });
    const [, rolesChanged] = await eventsOf(email);
    expect(rolesChanged).toMatchObject({ type: "ROLES_CHANGED", detail: { by: "import", roles: ["user", "admin"] } });
  });
});

test("a file that changes while it is read is not taken for imported", async () => {
  const path = await imported.files.write([{ email: newEmail() }, { email: newEmail() }]);
  const file = await openUserFile(path);
  const text = await readFile(path, "utf8");
  await writeFile(path, text.replace("example.com", "example.org"));
  const read = async () => {
    for await (const chunk of file.chunks) expect(chunk.length).toBe(text.length);
  };
  await expect(read()).rejects.toThrow("FILE was changed while it was read.");
  await file.close();
});

test("bad lines are told on standard error too, and nothing of what they hold is shown", async () => {
  const path = await imported.files.write([
    { email: "no address", passwordHash: "$2b$31$secretsecretsecret" },
    '{"email":"broken@example.com","passwordHash":"$2b$secret',
    { email: newEmail(), "\u001b[31msecret": 1, passwordHash: "secret in the clear" },
  ]);
  const { code, stdout, stderr, report } = await imported.files.importFile(path);
  expect([code, stdout]).toEqual([1, ""]);
  const told = report.map(({ line, field, reason }) => `line ${line}: ${field === null ? "" : `${field}: `}${reason}`);
  expect(stderr.split("\n").slice(0, -2)).toEqual(told);
  expect(stderr).toContain("Of 3 lines, 0 users imported, 3 bad. The good lines are done");
  for (const secret of ["secret", "broken@", "no address", "\u001b"]) expect(stderr + JSON.stringify(report)).not.toContain(secret);
});

test("a server beside it goes on", async () => {
  const path = await imported.files.write(Array.from({ length: 5000 }, () => ({ email: newEmail(), passwordHash: BCRYPT_HASH })));
  const importing = imported.files.importFile(path);
  const registered = await Promise.all(Array.from({ length: 5 }, () => imported.gateway.register()));
  for (const { user } of registered) expect(dataOf(await login(user.email)).login.user.id).toBe(user.id);
  expect(await importing).toMatchObject({ code: 0 });
});

describe("refuses", () => {
  test("what is no file, with exit code 1 and one line", async () => {
    for (const path of [imported.files.pathOf("missing.ndjson"), imported.files.pathOf(".")]) {
      const { code, stdout, stderr } = await imported.files.run(["import-users", path]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(/^FILE .*\n$/);
    }
  });

  test("to write its report over the file", async () => {
    const path = await imported.files.write([{ email: newEmail() }]);
    const before = await readFile(path, "utf8");
    const { code, stderr } = await imported.files.run(["import-users", "--report", path, path]);
    expect([code, stderr]).toEqual([1, "--report names FILE itself. Nothing was changed.\n"]);
    expect(await readFile(path, "utf8")).toBe(before);
  });
});
