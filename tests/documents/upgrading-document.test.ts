import { expect, test } from "vitest";
import { migrateDatabase } from "../../src/database/migrate.ts";
import { listMigrations } from "../../src/database/migrations/migration-files.ts";
import { createTestDatabase } from "../support/database.ts";
import { blocksOf } from "../support/documents.ts";
import { SCHEMA } from "../support/raw-client.ts";

const [applied, drop, ...others] = blocksOf("docs/operate/upgrading.md").filter(({ language }) => language === "sql");

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
