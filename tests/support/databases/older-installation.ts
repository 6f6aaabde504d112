import { createHash } from "node:crypto";
import postgres from "postgres";
import { createJournal, noteMigrations } from "../../../src/database/migrations/journal.ts";
import { listMigrations, readMigration } from "../../../src/database/migrations/migration-files.ts";
import { SCHEMA } from "../raw-client.ts";

/** Makes the tables as the migration of that name has left them. */
export async function installUpTo(url: string, last: string): Promise<void> {
  const names = listMigrations();
  const applied = names.slice(0, names.indexOf(last) + 1);
  const client = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    await client.unsafe(`create schema "${SCHEMA}"; ${createJournal(SCHEMA)} ${noteMigrations(SCHEMA, applied)}`);
    for (const name of applied) await client.unsafe(readMigration(name, SCHEMA).text);
  } finally {
    await client.end();
  }
}

const sha256 = (text: string) => createHash("sha256").update(text).digest();

/** Who and what is in the tables of version 0.1.0 before addresses had a directory of their own. */
export const older = {
  ada: { id: "01900000-0000-7000-8000-00000000000a", email: "ada@example.com" },
  adasLive: "01900000-0000-7000-8000-0000000000a1",
  adasEnded: "01900000-0000-7000-8000-0000000000a2",
  bob: {
    id: "01900000-0000-7000-8000-00000000000b",
    email: "bob.new@example.com",
    before: "bob.old@example.com",
    undo: `ot1_${"U".repeat(43)}`,
  },
  carol: { id: "01900000-0000-7000-8000-00000000000c", pseudonym: "01900000-0000-7000-8000-0000000000cc" },
  carolsSession: "01900000-0000-7000-8000-0000000000c1",
  dave: { id: "01900000-0000-7000-8000-00000000000d", email: "dave@example.com", verification: `ot1_${"V".repeat(43)}` },
  erin: { id: "01900000-0000-7000-8000-00000000000e", email: "erin@example.com" },
  erinsEnded: "01900000-0000-7000-8000-0000000000e1",
} as const;

export interface OlderRows {
  readonly now: Date;
  readonly passwordHash: string;
  /** As a gateway with the same secret keeps it. */
  readonly signingKey: postgres.Row;
}

/** Rows in every table, as a server of that version writes them. */
export async function fillOlder(sql: postgres.Sql, rows: OlderRows): Promise<void> {
  await sql`insert into signing_keys ${sql({ ...rows.signingKey })}`;
  await insertUsers(sql, rows);
  await insertSessions(sql, rows);
  await insertTokens(sql, rows);
  await insertAuditEvents(sql, rows);
  await insertOthers(sql, rows);
}

async function insertUsers(sql: postgres.Sql, { now, passwordHash }: OlderRows): Promise<void> {
  const { ada, bob, carol, dave, erin } = older;
  const common = { email_verified: true, password_hash: passwordHash, roles: ["user"], status: "ACTIVE", version: 1, created_at: now };
  const others = { last_login_at: now, erasure_at: null };
  const begun = `!${carol.pseudonym} ${"c4".repeat(32)}`;
  await sql`insert into users ${sql([
    { ...common, ...others, id: ada.id, email: ada.email, email_key: ada.email, roles: ["user", "admin"] },
    { ...common, ...others, id: bob.id, email: bob.email, email_key: bob.email, version: 2 },
    { ...common, ...others, id: dave.id, email: dave.email, email_key: dave.email, email_verified: false },
    { ...common, ...others, id: erin.id, email: erin.email, email_key: erin.email, version: 3 },
    {
      ...common,
      id: carol.id,
      email: "erased",
      email_key: `erased ${carol.id}`,
      email_verified: false,
      password_hash: begun,
      roles: [],
      status: "DISABLED",
      last_login_at: null,
      erasure_at: new Date(now.getTime() - 120_000),
    },
  ])}`;
}

async function insertSessions(sql: postgres.Sql, { now }: OlderRows): Promise<void> {
  const later = new Date(now.getTime() + 86_400_000);
  const common = {
    family_hash: sha256("family"),
    current_hash: sha256("current"),
    created_at: now,
    last_used_at: now,
    idle_expires_at: later,
    expires_at: later,
    access_expires_at: now,
    opened_version: 1,
    ended_at: null,
    end_reason: null,
  };
  await sql`insert into sessions ${sql([
    { ...common, id: older.adasLive, user_id: older.ada.id },
    { ...common, id: older.adasEnded, user_id: older.ada.id, ended_at: now, end_reason: "LOGOUT" },
    { ...common, id: older.carolsSession, user_id: older.carol.id, ended_at: now, end_reason: "ACCOUNT_DELETED" },
    { ...common, id: older.erinsEnded, user_id: older.erin.id },
  ])}`;
  await sql`
    insert into session_ends (id, user_id, opened_below, id_below, ended_at, end_reason, walks) values
      (gen_random_uuid(), ${older.erin.id}, 3, null, ${now}, 'PASSWORD_RESET', 0),
      (gen_random_uuid(), null, null, '01800000-0000-7000-8000-000000000000', ${now}, 'REVOKED_BY_ADMIN', 1)`;
}

async function insertTokens(sql: postgres.Sql, { now }: OlderRows): Promise<void> {
  const { bob, dave } = older;
  const expires_at = new Date(now.getTime() + 86_400_000);
  await sql`insert into one_time_tokens ${sql([
    {
      id: crypto.randomUUID(),
      purpose: "UNDO_EMAIL_CHANGE",
      subject: bob.id,
      user_id: bob.id,
      email: bob.before,
      email_key: bob.before,
      token_hash: sha256(bob.undo),
      created_at: now,
      expires_at,
    },
    {
      id: crypto.randomUUID(),
      purpose: "VERIFY_EMAIL",
      subject: dave.id,
      user_id: dave.id,
      email: dave.email,
      email_key: dave.email,
      token_hash: sha256(dave.verification),
      created_at: now,
      expires_at,
    },
    {
      id: crypto.randomUUID(),
      purpose: "VERIFY_EMAIL",
      subject: crypto.randomUUID(),
      user_id: null,
      email: null,
      email_key: null,
      token_hash: sha256("of nobody"),
      created_at: now,
      expires_at,
    },
  ])}`;
}

async function insertAuditEvents(sql: postgres.Sql, { now }: OlderRows): Promise<void> {
  const { ada, bob, carol } = older;
  const common = { occurred_at: now, actor_id: null, session_id: null, ip_address: "192.0.2.1", succeeded: true };
  const id = (number: number) => `01900000-0000-7000-8000-000000001${String(number).padStart(3, "0")}`;
  await sql`insert into audit_events ${sql([
    { ...common, id: id(1), type: "REGISTERED", user_id: ada.id, actor_id: ada.id, session_id: older.adasLive },
    { ...common, id: id(2), type: "LOGIN_FAILED", user_id: null, succeeded: false },
    { ...common, id: id(3), type: "EMAIL_CHANGED", user_id: bob.id, actor_id: bob.id },
    { ...common, id: id(4), type: "LOGIN_SUCCEEDED", user_id: carol.id, actor_id: carol.id, session_id: older.carolsSession },
    { ...common, id: id(5), type: "FORCED_LOGOUT", user_id: null },
  ])}`;
  // Written by hand before types were checked.
  const [known] = await sql`select pg_get_constraintdef(oid) as text from pg_constraint where conname = 'audit_events_type_known'`;
  await sql`alter table audit_events drop constraint audit_events_type_known`;
  await sql`insert into audit_events ${sql({ ...common, id: id(6), type: "WRITTEN_BY_HAND", user_id: null })}`;
  await sql.unsafe(`alter table audit_events add constraint audit_events_type_known ${known?.text}`);
}

async function insertOthers(sql: postgres.Sql, { now }: OlderRows): Promise<void> {
  const { ada } = older;
  await sql`insert into known_devices values (${ada.id}, '\\x00', ${now})`;
  await sql`insert into recent_notices values (${ada.id}, 'new_device', array[${now}::timestamptz], ${now})`;
  await sql`
    insert into outbox (id, channel, topic, user_id, created_at, expires_at, state, next_attempt_at, finished_at)
    values (gen_random_uuid(), 'email', 'new_device', ${ada.id}, ${now}, ${now}, 'SENT', ${now}, ${now})`;
  await sql`
    insert into revocations (kind, subject_id, revoked_at, expires_at) values ('session', ${older.adasEnded}, ${now}, ${now})`;
  await sql`insert into rate_limits (key, slots, calls, told_until, ends_at) values (gen_random_uuid(), '{}', '{}', 0, ${now})`;
  await sql`insert into user_imports (file_hash, last_line, imported, started_at) values ('00', 1, 1, ${now})`;
}
