import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  DisableUserDocument,
  EnableUserDocument,
  ExportAccountDocument,
  LogoutAllDocument,
  LogoutDocument,
  RequestEmailChangeDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { askForChange, changeEmail, registerVerified } from "../support/mail/email-change.ts";
import { newEmail } from "../support/sign-in.ts";
import { type Export, eventsIn, kept, purgedBy } from "./exported-columns.ts";

const HOME = "203.0.113.31";
const ADMINS_ADDRESS = "198.51.100.41";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

async function exportOf(
  { accessToken }: Pick<AuthFieldsFragment, "accessToken">,
  page: { first?: number; after?: string } = {},
): Promise<Export> {
  const headers = { "x-forwarded-for": HOME, "user-agent": "a telephone" };
  const { exportAccount } = dataOf(await gateway.send(ExportAccountDocument, page, { token: accessToken, headers }));
  if (!exportAccount) throw new Error("there is no export");
  return exportAccount;
}

/** As JSON has it. */
const plain = (value: unknown) => JSON.parse(JSON.stringify(value ?? null));

/** A user of whom every table knows something. */
async function live(): Promise<AuthFieldsFragment> {
  const { sql } = gateway.database;
  const held = await registerVerified(gateway);
  const phone = await gateway.login(held.user.email);
  dataOf(await gateway.send(LogoutDocument, { input: { refreshToken: phone.refreshToken } }));
  const moved = await changeEmail(gateway, held, newEmail());
  await sql`insert into recent_notices values (${held.user.id}, 'new_device', array[now()], now())`;
  await sql`insert into known_devices values (${held.user.id}, '\\x00', now())`;
  await sql`update outbox set state = 'SENT', finished_at = now() where user_id = ${held.user.id}`;
  await sql`delete from one_time_tokens where user_id = ${held.user.id}`;
  await askForChange(gateway, moved, newEmail());
  return moved;
}

describe("the export of an account", () => {
  test("shows every column of every table, but those that are listed with the reason", async () => {
    const { sql } = gateway.database;
    const held = await live();
    // A session's own refreshes are told to it once the old token is worth nothing.
    gateway.clock.advance(91);
    const exported = await exportOf(held);
    const columns = await sql`
      select table_name, column_name from information_schema.columns
        where table_schema = 'auth' and table_name <> 'migrations' order by table_name, ordinal_position`;
    const known = Object.entries(kept).flatMap(([table, row]) => Object.keys(row).map((column) => `${table}.${column}`));
    expect(columns.map(({ table_name, column_name }) => `${table_name}.${column_name}`).sort()).toEqual([...known].sort());

    for (const [table, shown] of Object.entries(kept)) {
      const owner = table === "users" ? "id" : "user_id";
      if (typeof shown[owner] !== "function") continue;
      const rows = await sql`select * from ${sql(table)} where ${sql(owner)} = ${held.user.id}`;
      expect([table, rows.length > 0]).toEqual([table, true]);
      for (const row of rows) {
        for (const [column, show] of Object.entries(shown)) {
          if (typeof show === "function") expect([table, column, plain(show(exported, row))]).toEqual([table, column, plain(row[column])]);
        }
      }
    }
  });

  test("has ended sessions too, newest first, and says which one asks", async () => {
    const held = await gateway.register();
    const phone = await gateway.login(held.user.email);
    dataOf(await gateway.send(LogoutDocument, { input: { refreshToken: phone.refreshToken } }));
    const { sessions } = await exportOf(held);
    expect(sessions.map(({ id, endReason, current }) => ({ id, endReason, current }))).toEqual([
      { id: phone.session.id, endReason: "LOGOUT", current: false },
      { id: held.session.id, endReason: null, current: true },
    ]);
  });

  test("is itself audited, each time, and is in the export", async () => {
    const held = await gateway.register();
    const [newest] = eventsIn(await exportOf(held));
    expect(newest).toMatchObject({ type: "ACCOUNT_EXPORTED", actorId: held.user.id, sessionId: held.session.id, ipAddress: HOME });
    const again = eventsIn(await exportOf(held)).filter(({ type }) => type === "ACCOUNT_EXPORTED");
    expect(again).toHaveLength(2);
  });

  test("does not tell a user where an admin sits who acted on them; an admin's own does", async () => {
    const [held, admin] = [await gateway.register(), await gateway.registerAdmin()];
    const byAdmin = { token: admin.accessToken, headers: { "x-forwarded-for": ADMINS_ADDRESS, "user-agent": "an admin's desk" } };
    dataOf(await gateway.send(DisableUserDocument, { userId: held.user.id }, byAdmin));
    dataOf(await gateway.send(EnableUserDocument, { userId: held.user.id }, byAdmin));
    const again = await gateway.login(held.user.email);
    const exported = await exportOf(again);
    const deeds = eventsIn(exported).filter(({ actorId }) => actorId === admin.user.id);
    expect(deeds.map(({ type }) => type)).toEqual(["USER_ENABLED", "USER_DISABLED", "SESSION_REVOKED"]);
    for (const deed of deeds) expect(deed).toMatchObject({ ipAddress: null, userAgent: null });
    expect(JSON.stringify(exported)).not.toContain(ADMINS_ADDRESS);
    expect(JSON.stringify(exported)).not.toContain("desk");
  });

  test("has nothing of anybody else", async () => {
    const [held, other] = [await gateway.register(), await gateway.register()];
    await gateway.login(other.user.email);
    const text = JSON.stringify(await exportOf(held));
    for (const foreign of [other.user.id, other.user.email, other.session.id]) expect(text).not.toContain(foreign);
  });

  test("has the audit events in pages of up to 1,000", async () => {
    const held = await gateway.register();
    await gateway.database.sql`
      insert into audit_events (id, type, occurred_at, user_id, actor_id, succeeded)
      select gen_random_uuid(), 'TOKEN_REFRESHED', now(), ${held.user.id}, ${held.user.id}, true from generate_series(1, 1500)`;
    const first = await exportOf(held);
    expect(eventsIn(first)).toHaveLength(1000);
    const { hasNextPage, endCursor } = first.auditEvents.pageInfo;
    expect(hasNextPage).toBe(true);
    const second = await exportOf(held, { first: 1000, after: endCursor ?? "" });
    expect(second.auditEvents.pageInfo.hasNextPage).toBe(false);
    const ids = [...eventsIn(first), ...eventsIn(second)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThanOrEqual(1501);
    for (const page of [{ first: 1001 }, { first: 0 }, { after: "nonsense" }]) {
      const reply = await gateway.send(ExportAccountDocument, page, { token: held.accessToken });
      expect(codesOf(reply)).toEqual(["BAD_USER_INPUT"]);
    }
  });

  test("tells of a pending address until it is confirmed, expires or is void", async () => {
    const held = await registerVerified(gateway);
    expect((await exportOf(held)).pendingEmail).toBeNull();
    const [first, second] = [newEmail(), newEmail()];
    dataOf(await gateway.send(RequestEmailChangeDocument, { input: { newEmail: first } }, { token: held.accessToken }));
    expect((await exportOf(held)).pendingEmail).toBe(first);
    const moved = await changeEmail(gateway, held, second);
    expect((await exportOf(moved)).pendingEmail).toBeNull();
    await askForChange(gateway, moved, first);
    gateway.clock.advance(86_401);
    const later = await gateway.login(second);
    expect((await exportOf(later)).pendingEmail).toBeNull();
    await askForChange(gateway, later, first);
    dataOf(await gateway.send(LogoutAllDocument, {}, { token: later.accessToken }));
    expect((await exportOf(await gateway.login(second))).pendingEmail).toBeNull();
  });

  test("of what the caller has signed out of is none", async () => {
    const held = await gateway.register();
    dataOf(await gateway.send(LogoutDocument, {}, { token: held.accessToken }));
    expect(codesOf(await gateway.send(ExportAccountDocument, {}, { token: held.accessToken }))).toEqual(["UNAUTHENTICATED"]);
    expect(codesOf(await gateway.send(ExportAccountDocument, {}))).toEqual(["UNAUTHENTICATED"]);
  });
});

test("the purge takes old rows of every table, but those that are listed with the reason", async () => {
  expect(Object.keys(purgedBy).sort()).toEqual(Object.keys(kept).sort());
  const counted = Object.values(purgedBy).filter((by) => typeof by === "string");
  expect(counted.sort()).toEqual(Object.keys(await gateway.auth.purge()).sort());
});
