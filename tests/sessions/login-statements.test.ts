import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { LoginDocument } from "../generated/operations.ts";
import { codesOf } from "../support/client.ts";
import type { TestDatabase } from "../support/database.ts";
import { untilLockWait } from "../support/databases/lock-waits.ts";
import { PASSWORD } from "../support/sign-in.ts";
import { until } from "../support/until.ts";
import type { StatementTap } from "../support/wires/statement-tap.ts";
import { startTappedGateway, type TappedGateway } from "../support/wires/tapped-gateway.ts";

let database: TestDatabase;
let tap: StatementTap;
let gateway: TappedGateway;
beforeAll(async () => {
  gateway = await startTappedGateway();
  ({ database, tap } = gateway);
});
afterAll(() => gateway.close());

/** Upkeep and delivery have statements of their own, at any moment. */
const isOfALogin = (statement: string) => !/pg_catalog|revocations|skip locked|update outbox/.test(statement);
const purposes = [
  ["reserve_calls", "count"],
  ["password_hash = ", "sign in"],
  ["give_back_calls", "give back"],
  ['"email_key" = ', "find"],
  ["insert into audit_events", "audit"],
] as const;
/** Where tables are spread, the directory of addresses and the user are at two nodes. */
const finding = inject("isCitus") ? ["find", "find"] : ["find"];
const purposeOf = (statement: string) => purposes.find(([sign]) => statement.includes(sign))?.[1] ?? statement;

test("a login takes three statements, each its own transaction; the first takes along what the last login gives back", async () => {
  const { user } = await gateway.register();
  await gateway.login(user.email);
  const statements = await tap.during(async () => {
    for (let round = 0; round < 3; round += 1) await gateway.login(user.email);
  });
  // Alone only where nobody comes along in time.
  const purposes = statements.filter(isOfALogin).map(purposeOf);
  const each = ["count", ...finding, "sign in"];
  expect(purposes.filter((purpose) => purpose !== "give back")).toEqual([...each, ...each, ...each]);
  // The registration stays, and that the account was signed in to four times.
  const counted = () => database.sql`select sum(each)::int as calls from rate_limits, unnest(calls) as each`;
  await until(async () => (await counted())[0]?.calls === 1 + 4, 10_000);
});

test("a wrong password takes three statements, as does an unknown address", async () => {
  const { user } = await gateway.register();
  for (const email of [user.email, `not-${user.email}`]) {
    const statements = await tap.during(async () => {
      const reply = await gateway.send(LoginDocument, { input: { email, password: "another walk by the sea" } });
      expect(codesOf(reply)).toEqual(["INVALID_CREDENTIALS"]);
    });
    expect(statements.filter(isOfALogin).map(purposeOf)).toEqual(["count", ...finding, "audit"]);
  }
});

test.each([
  ["is disabled", "update users set status = 'DISABLED'"],
  ["gets another password", "update users set password_hash = '$argon2id$v=19$m=19456,t=2,p=1$c29tZSBzYWx0$bm90aGluZyBmaXRzIHRoaXM'"],
])("a login whose user %s after the password was verified opens no session and says nothing of one", async (_name, change) => {
  const { user } = await gateway.register();
  const [before] = await database.sql`select last_login_at from users where id = ${user.id}`;
  const changing = await database.sql.reserve();
  await changing.unsafe(`begin; ${change} where id = '${user.id}'`);
  const login = gateway.send(LoginDocument, { input: { email: user.email, password: PASSWORD } });
  await untilLockWait(database.sql);
  await changing`commit`;
  changing.release();
  expect(codesOf(await login)).toEqual(["INVALID_CREDENTIALS"]);
  const [left] = await database.sql`select
    (select count(*)::int from sessions where user_id = ${user.id}) as sessions,
    (select last_login_at from users where id = ${user.id}) as last_login_at,
    (select array_agg(type order by id) from audit_events where user_id = ${user.id}) as events`;
  expect(left).toEqual({ sessions: 1, last_login_at: before?.last_login_at, events: ["REGISTERED", "LOGIN_FAILED"] });
});
