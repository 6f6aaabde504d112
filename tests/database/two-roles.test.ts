import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LogoutAllDocument, MeDocument } from "../generated/operations.ts";
import { dataOf } from "../support/client.ts";
import { createEmptyDatabase, type TestDatabase } from "../support/database.ts";
import { startTestGateway, TEST_SECRET } from "../support/gateway.ts";
import { failToStart, runCommand } from "../support/processes/command-line.ts";
import { openRawClient } from "../support/raw-client.ts";
import { until } from "../support/until.ts";

const document = readFileSync(new URL("../../docs/operate/deployment.md", import.meta.url), "utf8");
const section = document.slice(document.indexOf("**Two roles**"));
const [setUp = "", grants = ""] = [...section.matchAll(/```sql\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");

let database: TestDatabase;
/** Roles belong to the whole server, so theirs are named after the database. */
let own: (text: string) => string;
beforeAll(async () => {
  database = await createEmptyDatabase();
  const name = new URL(database.url).pathname.slice(1);
  own = (text) => text.replaceAll(/auth_(owner|server)/g, `${name}_$1`);
  await database.sql.unsafe(own(setUp));
});
afterAll(async () => {
  for (const statement of ["drop schema auth cascade", "drop owned by auth_owner, auth_server", "drop role auth_owner, auth_server"]) {
    await database.sql.unsafe(own(statement));
  }
  await database.drop();
});

function urlOf(role: "auth_owner" | "auth_server"): string {
  const url = new URL(database.url);
  url.username = own(role);
  url.password = /CREATE ROLE auth_owner LOGIN PASSWORD '(.*)'/.exec(setUp)?.[1] ?? "";
  if (role === "auth_server") url.password = /CREATE ROLE auth_server LOGIN PASSWORD '(.*)'/.exec(setUp)?.[1] ?? "";
  return url.href;
}

test("a server whose role may create nothing names the migrations that are missing, and what to run", async () => {
  const { code, stderr } = await failToStart({ DATABASE_URL: urlOf("auth_server"), SECRET: TEST_SECRET });
  expect([code, stderr]).toEqual([
    1,
    expect.stringMatching(/^The schema auth lacks 0000_initial, .*Run the command migrate.*docs\/operate\/deployment\.md\.\n$/),
  ]);
});

test("the owner migrates, and a role that may change rows and nothing else serves", async () => {
  const env = { DATABASE_URL: urlOf("auth_owner"), SECRET: TEST_SECRET };
  expect(await runCommand(["migrate"], { env })).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Applied \d+ migrations/) });
  const gateway = await startTestGateway({ database: { ...database, url: urlOf("auth_server") } });
  const { accessToken, user } = await gateway.register();
  expect(dataOf(await gateway.send(MeDocument, {}, { token: accessToken })).me?.id).toBe(user.id);
  dataOf(await gateway.send(LogoutAllDocument, {}, { token: accessToken }));
  await gateway.auth.purge();
  await gateway.auth.accountLife.eraseAccounts();
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
  await gateway.close();
});

test("that role can create nothing", async () => {
  const sql = openRawClient(urlOf("auth_server"));
  for (const statement of [
    "create table auth.more (id int)",
    "create table public.more (id int)",
    "create schema more",
    "truncate auth.users",
  ]) {
    await expect(sql.unsafe(statement)).rejects.toMatchObject({ code: "42501" });
  }
  await sql.end();
});

test("tables that were there before are granted as the document says", async () => {
  await database.sql.unsafe(own("revoke all on all tables in schema auth from auth_server"));
  const refused = await failToStart({ DATABASE_URL: urlOf("auth_server"), SECRET: TEST_SECRET });
  expect(refused.stderr).toBe('The user of DATABASE_URL may not read the schema auth: see "Two roles" in docs/operate/deployment.md.\n');
  await database.sql.unsafe(own(grants));
  await (await startTestGateway({ database: { ...database, url: urlOf("auth_server") } })).close();
});

test("a server whose role may read and no longer write is not ready, and says that it is the database", async () => {
  const gateway = await startTestGateway({ database: { ...database, url: urlOf("auth_server") } });
  const readiness = async () => (await fetch(`${gateway.url}/readyz`)).json();
  await until(async () => (await readiness()).ready, 5000);
  await database.sql.unsafe(own("revoke insert, update, delete on all tables in schema auth from auth_server"));
  await until(async () => !(await readiness()).ready, 5000);
  expect(await readiness()).toMatchObject({ checks: { database: "failed", migrations: "ok" } });
  await database.sql.unsafe(own(grants));
  await until(async () => (await readiness()).ready, 5000);
  await gateway.close();
});
