import { expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { listMigrations } from "../../src/database/migrations/migration-files.ts";
import { createTestDatabase } from "../support/database.ts";
import { blocksOf } from "../support/documents.ts";
import { SCHEMA } from "../support/raw-client.ts";

const [applied, drop, missing, ...others] = blocksOf("docs/operate/upgrading.md").filter(({ language }) => language === "sql");

test("docs/operate/upgrading.md shows how to see what was applied, and how to make room for a dump", async () => {
  expect(others).toEqual([]);
  const { sql, url, drop: dropDatabase } = await createTestDatabase();
  const rows = await sql.unsafe(applied?.text ?? "");
  expect(rows.map(({ name }) => name)).toEqual(listMigrations());
  await sql.unsafe(drop?.text ?? "");
  expect(await sql`select from pg_namespace where nspname = ${SCHEMA}`).toEqual([]);
  expect(await migrateDatabase(url, SCHEMA)).toBe(listMigrations().length);
  await dropDatabase();
});

test("docs/operate/upgrading.md shows how to find users whose address an old process has left out of the directory", async () => {
  const { sql, drop: dropDatabase } = await createTestDatabase();
  const users = [
    { id: "01900000-0000-7000-8000-00000000000a", email: "ada@example.com" },
    { id: "01900000-0000-7000-8000-00000000000b", email: "bob.new@example.com" },
    { id: "01900000-0000-7000-8000-00000000000c", email: "erased 01900000-0000-7000-8000-00000000000c" },
  ];
  for (const { id, email } of users) {
    await sql`
      insert into users (id, email, email_key, password_hash, roles, created_at) values (${id}, ${email}, ${email}, '!', '{}', now())`;
  }
  const addresses = [
    { email_key: "ada@example.com", user_id: users[0]?.id ?? "", state: "ACCOUNT" },
    { email_key: "bob.old@example.com", user_id: users[1]?.id ?? "", state: "ACCOUNT" },
  ];
  await sql`insert into email_addresses ${sql(addresses)}`;
  expect([...(await sql.unsafe(missing?.text ?? ""))]).toEqual([users[1]]);
  await dropDatabase();
});
