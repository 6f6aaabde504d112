import { appendFile, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { newEmail } from "../support/sign-in.ts";
import { reserveAddress } from "../support/users/addresses.ts";
import { importBeside } from "./imported-users.ts";

const imported = importBeside();
const { rowOf } = imported;

describe("a file that was imported before", () => {
  test("is known by its content, wherever it lies: nothing is done", async () => {
    const email = newEmail();
    const path = await imported.files.write([{ email }]);
    await imported.files.importFile(path);
    await imported.gateway.database.sql`delete from users where email_key = ${email}`;
    await writeFile(imported.files.pathOf("copy.ndjson"), await readFile(path));
    const again = await imported.files.run(["import-users", imported.files.pathOf("copy.ndjson")]);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^Nothing to do: this file was imported to its end at .*, 1 user of it\./),
    });
    expect(await rowOf(email)).toEqual({});
  });

  test("and has grown is another one: its users are there already, unless the file has their ids", async () => {
    const [email, added] = [newEmail(), newEmail()];
    const path = await imported.files.write([{ email }]);
    await imported.files.importFile(path);
    await appendFile(path, `{"email":"${added}"}\n`);
    const grown = await imported.files.importFile(path);
    expect(grown).toMatchObject({ code: 1, report: [{ line: 1, field: "email", reason: "Is the address of another account already." }] });
    expect(await rowOf(added)).toMatchObject({ email: added });

    const { id } = await rowOf(email);
    const withIds = await imported.files.write([{ email, id }, { email: newEmail() }]);
    expect(await imported.files.importFile(withIds)).toMatchObject({
      code: 0,
      stdout: "Of 2 lines, 1 user imported, 1 there before, 0 bad.\n",
    });
  });
});

test("a dry run tells the same bad lines as the import, and changes nothing", async () => {
  const taken = (await imported.gateway.register()).user.email;
  const email = newEmail();
  const filling = Array.from({ length: 1200 }, () => ({ email: newEmail() }));
  const path = await imported.files.write([
    { email },
    { email: taken },
    "{",
    ...filling,
    { email: email.toUpperCase() },
    { email: newEmail(), roles: ["owner"] },
  ]);
  const before = await imported.gateway.database.sql`select count(*)::int as users from users`;
  const dry = await imported.files.importFile(path, "--dry-run");
  expect(dry).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("Of 1205 lines, 1201 users can be imported, 4 bad.") });
  expect(await imported.gateway.database.sql`select count(*)::int as users from users`).toEqual(before);
  expect(await imported.gateway.database.sql`select from user_imports where imported = 1201`).toHaveLength(0);

  const real = await imported.files.importFile(path);
  expect(real.report).toEqual(dry.report);
  expect(real.report.map(({ line, field }) => [line, field])).toEqual([
    [2, "email"],
    [3, null],
    [1204, "email"],
    [1205, "roles"],
  ]);
  expect(real.report[2]?.reason).toBe("Is the address of line 1 already.");
  const after = await imported.files.importFile(path, "--dry-run");
  expect(after.report).toEqual(dry.report);
});

test("no id and no address is given twice, in any order or spelling, near or far; the first line of a kind has it", async () => {
  const [first, second, third] = [newEmail(), newEmail(), newEmail()];
  const id = "7d5e1c9a-54b1-4a64-8d7c-1f2e3d4c5b6a";
  const near = [{ email: first, id }, { email: first.toUpperCase() }, { email: second, id: id.toUpperCase() }, { email: first, id }];
  const far = [{ email: ` ${first} ` }, { email: third, id }, { email: first, id }, { email: second }];
  const path = await imported.files.write([...near, ...Array.from({ length: 1000 }, () => ({ email: newEmail() })), ...far]);
  const { report } = await imported.files.importFile(path, "--dry-run");
  const address = { field: "email", reason: "Is the address of line 1 already." };
  const sameId = { field: "id", reason: "Is the id of line 1 already." };
  expect(report).toEqual([
    { line: 2, ...address },
    { line: 3, ...sameId },
    { line: 4, ...address },
    { line: 1005, ...address },
    { line: 1006, ...sameId },
    // Among lines that are dealt with together, the first of them is named.
    { line: 1007, field: "email", reason: "Is the address of line 1005 already." },
  ]);
  expect((await imported.files.importFile(path)).report).toEqual(report);
  expect(await rowOf(first)).toMatchObject({ id });
  expect(await rowOf(second)).not.toMatchObject({ id });
});

test("addresses that an account can still go back to are nobody else's, whoever comes first", async () => {
  const { user } = await imported.gateway.register();
  const old = newEmail();
  await reserveAddress(imported.gateway.database.sql, user.id, old);
  const path = await imported.files.write([{ email: old.toUpperCase() }, { email: newEmail() }]);
  const dry = await imported.files.importFile(path, "--dry-run");
  const { code, report } = await imported.files.importFile(path);
  expect([code, report]).toEqual([1, [{ line: 1, field: "email", reason: "Was the address of an account that can still go back to it." }]]);
  expect(dry.report).toEqual(report);
  expect(await rowOf(old)).toEqual({});
  expect(await imported.gateway.database.sql`select from users where email = ${user.email}`).toHaveLength(1);
});

test("an address that is given up for another one during the import stays reserved, too", async () => {
  const { user } = await imported.gateway.register();
  const path = await imported.files.write([{ email: user.email }, { email: newEmail() }]);
  const importing = await imported.gateway.database.sql.begin(async (sql) => {
    await reserveAddress(sql, user.id, user.email);
    await sql`update users set email = 'new@example.com', email_key = 'new@example.com' where id = ${user.id}`;
    const started = imported.files.importFile(path);
    await untilLockWait(imported.gateway.database.sql);
    return { started };
  });
  const { code, report } = await importing.started;
  expect([code, report]).toEqual([1, [{ line: 1, field: "email", reason: "Was the address of an account that can still go back to it." }]]);
  expect(await rowOf(user.email)).toEqual({});
  expect(await rowOf("new@example.com")).toMatchObject({ id: user.id });
});
