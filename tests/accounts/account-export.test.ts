import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type AuthFieldsFragment,
  DisableUserDocument,
  EnableUserDocument,
  ExportAccountDocument,
  type ExportAccountQuery,
  LogoutAllDocument,
  LogoutDocument,
  RequestEmailChangeDocument,
} from "../generated/operations.ts";
import { codesOf, dataOf } from "../support/client.ts";
import { startTestGateway, type TestGateway } from "../support/gateway.ts";
import { askForChange, changeEmail, registerVerified } from "../support/mail/email-change.ts";
import { newEmail } from "../support/sign-in.ts";

const HOME = "203.0.113.31";
const ADMINS_ADDRESS = "198.51.100.41";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { TRUSTED_PROXIES: "127.0.0.1" } });
});
afterAll(() => gateway.close());

type Export = NonNullable<ExportAccountQuery["exportAccount"]>;

async function exportOf(
  { accessToken }: Pick<AuthFieldsFragment, "accessToken">,
  page: { first?: number; after?: string } = {},
): Promise<Export> {
  const headers = { "x-forwarded-for": HOME, "user-agent": "a telephone" };
  const { exportAccount } = dataOf(await gateway.send(ExportAccountDocument, page, { token: accessToken, headers }));
  if (!exportAccount) throw new Error("there is no export");
  return exportAccount;
}

const eventsIn = (exported: Export) => exported.auditEvents.edges.map(({ node }) => node);

/**
 * Every column of every table: where the export shows it, given the row, or why it does not. A table or a column that is not here fails the test:
 * whoever adds one decides whether it is a user's, and whether erasing takes it.
 */
type Shown = (exported: Export, row: Record<string, unknown>) => unknown;
const leftOut = (why: string) => why;
const secret = leftOut("a secret, or made of one");
const internal = leftOut("how it is kept, not what");
const ofNobody = leftOut("tells of no user");

const session = (exported: Export, row: Record<string, unknown>) => exported.sessions.find(({ id }) => id === row.id);
/** A session is not told when it was itself last used. */
function unlessCurrent(exported: Export, row: Record<string, unknown>, shown: (of: Export["sessions"][number]) => unknown): unknown {
  const found = session(exported, row);
  if (found === undefined) throw new Error("a session is missing in the export");
  return found.current ? undefined : shown(found);
}
const event = (exported: Export, row: Record<string, unknown>) => eventsIn(exported).find(({ id }) => id === row.id);
const message = (exported: Export, row: Record<string, unknown>) => exported.messages.find(({ id }) => id === row.id);

const kept: Readonly<Record<string, Readonly<Record<string, Shown | string>>>> = {
  users: {
    id: ({ user }) => user.id,
    email: ({ user }) => user.email,
    email_key: leftOut("the address in another spelling"),
    email_verified: ({ user }) => user.emailVerified,
    password_hash: secret,
    roles: ({ user }) => user.roles,
    status: ({ user }) => user.status,
    version: internal,
    created_at: ({ user }) => user.createdAt,
    last_login_at: ({ user }) => user.lastLoginAt,
    erasure_at: ({ user }) => user.erasureAt,
  },
  sessions: {
    id: (exported, row) => session(exported, row)?.id,
    user_id: ({ user }) => user.id,
    family_hash: secret,
    current_hash: secret,
    previous_hash: secret,
    rotation_nonce: secret,
    retry_hash: secret,
    rotation_client: internal,
    followed_generation: internal,
    generation: internal,
    opened_version: internal,
    rotated_at: internal,
    created_at: (exported, row) => session(exported, row)?.createdAt,
    last_used_at: (exported, row) => unlessCurrent(exported, row, ({ lastUsedAt }) => lastUsedAt) ?? row.last_used_at,
    idle_expires_at: (exported, row) => unlessCurrent(exported, row, ({ idleExpiresAt }) => idleExpiresAt) ?? row.idle_expires_at,
    expires_at: (exported, row) => session(exported, row)?.expiresAt,
    access_expires_at: internal,
    ended_at: (exported, row) => session(exported, row)?.endedAt,
    end_reason: (exported, row) => session(exported, row)?.endReason,
    ip_address: (exported, row) => session(exported, row)?.ipAddress,
    user_agent: (exported, row) => session(exported, row)?.userAgent,
  },
  session_ends: {
    id: internal,
    user_id: leftOut("goes when the sessions that it has ended are marked; the sessions show it"),
    opened_below: internal,
    id_below: internal,
    ended_at: internal,
    end_reason: internal,
    actor_id: internal,
    marked_until: internal,
    walks: internal,
  },
  audit_events: {
    id: (exported, row) => event(exported, row)?.id,
    type: (exported, row) => event(exported, row)?.type,
    occurred_at: (exported, row) => event(exported, row)?.occurredAt,
    user_id: (exported, row) => event(exported, row)?.userId,
    actor_id: (exported, row) => event(exported, row)?.actorId,
    session_id: (exported, row) => event(exported, row)?.sessionId,
    ip_address: (exported, row) => event(exported, row)?.ipAddress,
    user_agent: (exported, row) => event(exported, row)?.userAgent,
    succeeded: (exported, row) => event(exported, row)?.succeeded,
    detail: (exported, row) => JSON.parse(event(exported, row)?.detail ?? "null"),
  },
  outbox: {
    id: (exported, row) => message(exported, row)?.id,
    channel: internal,
    awaited: internal,
    topic: (exported, row) => message(exported, row)?.topic,
    user_id: ({ user }) => user.id,
    encrypted_payload: secret,
    created_at: (exported, row) => message(exported, row)?.createdAt,
    expires_at: internal,
    state: internal,
    attempts: internal,
    next_attempt_at: internal,
    // In development messages are kept, which is the end of them, too.
    finished_at: (exported, row) => (row.state === "SENT" ? message(exported, row)?.sentAt : row.finished_at),
    problem: internal,
  },
  one_time_tokens: {
    id: internal,
    purpose: internal,
    subject: internal,
    user_id: ({ user }) => user.id,
    email: ({ pendingEmail }) => pendingEmail,
    email_key: leftOut("the address in another spelling"),
    token_hash: secret,
    code_hash: secret,
    attempt_hash: secret,
    code_tries: internal,
    bound_to: secret,
    is_contested: leftOut("what somebody else did"),
    created_at: internal,
    expires_at: internal,
  },
  known_devices: {
    user_id: ({ user }) => user.id,
    fingerprint: leftOut("a hash that cannot be read back; the sessions show what it is made of"),
    first_seen_at: leftOut("the sessions and the audit entries show it"),
  },
  recent_notices: {
    user_id: ({ user }) => user.id,
    topic: leftOut("the messages show it"),
    told_at: leftOut("the messages show it"),
    last_told_at: leftOut("the messages show it"),
  },
  rate_limits: { key: ofNobody, slots: ofNobody, calls: ofNobody, told_until: ofNobody, ends_at: ofNobody },
  revocations: {
    kind: internal,
    subject_id: leftOut("goes when the last token has expired; the audit entries show what it is about"),
    version: internal,
    revoked_at: internal,
    expires_at: internal,
    transaction_id: internal,
  },
  signing_keys: {
    kid: ofNobody,
    algorithm: ofNobody,
    public_jwk: ofNobody,
    encrypted_private_key: ofNobody,
    created_at: ofNobody,
    signs_from: ofNobody,
  },
  user_imports: { file_hash: ofNobody, last_line: ofNobody, imported: ofNobody, started_at: ofNobody, finished_at: ofNobody },
};

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
      select table_name, column_name from information_schema.columns where table_schema = 'auth' and table_name <> 'migrations' order by table_name, ordinal_position`;
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

  test("has the audit entries in pages of up to 1,000", async () => {
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
