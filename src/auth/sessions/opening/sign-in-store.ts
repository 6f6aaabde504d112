import type { Statements } from "../../../database/database.ts";
import type { DriverPiece } from "../../../database/sql-tag.ts";
import { noticeParts } from "../../../outbox/notice-store.ts";
import { messageColumns, messageRows, type OutboxRow } from "../../../outbox/outbox-store.ts";
import { eventValuesOf, insertEvent } from "../../audit/audit-event-store.ts";
import type { AuditEvent } from "../../audit/audit-events.ts";
import type { Account } from "../../users/account-store.ts";
import { type AccountRow, accountRowColumns, readAccountRow } from "../session-row-store.ts";
import type { Session } from "../session-state.ts";
import type { SessionSecrets } from "../session-store.ts";
import type { Device } from "./devices.ts";

export interface SignIn {
  /** Its user is the one whose password was verified. */
  readonly session: Session & SessionSecrets;
  /** The PHC string that the password was verified against. */
  readonly passwordHash: string;
  /** LOGIN_SUCCEEDED of that user and session. */
  readonly event: AuditEvent;
  /** What others are told of it. */
  readonly news: readonly OutboxRow[];
  /** Undefined where nobody is told of new ones. */
  readonly device: Device | undefined;
  /** How many sessions the user may have; undefined where room has been made in the same transaction. */
  readonly maximum: number | undefined;
}

/** What became of it: `full` where the user has as many sessions as there may be, and nothing was done but to note the sign-in. */
export type RecordedSignIn = { readonly kind: "signed_in"; readonly account: Account } | { readonly kind: "full" };

/**
 * Notes the sign-in on the user's row, which also makes it wait for whoever is disabling that user or changing the password, opens
 * the session and writes the audit event, with what is told of them. Undefined, and nothing of it done, where the user is no longer
 * active, no longer has the password that was verified, or is to be erased. Sign-ins of one user take turns at that row, and each counts
 * the sessions once it is its turn. One statement, hence one transaction and one round trip: each time that it wakes up beside a hash, the
 * process finds its caches full of the hash's memory. Written out because Drizzle cannot nest INSERT … SELECT in WITH.
 */
export async function recordSignIn(database: Statements, signIn: SignIn): Promise<RecordedSignIn | undefined> {
  const { session, passwordHash, event, maximum } = signIn;
  const { $tables: tables } = database;
  const now = session.createdAt.toISOString();
  const rows = await database.$sql<(AccountRow & { is_full: boolean })[]>`
    with noted_on_user as (
      update ${tables.users} as users set last_login_at = ${now}
      where id = ${session.userId} and status = 'ACTIVE' and password_hash = ${passwordHash} and erasure_at is null
      returning id as user_id, ${accountRowColumns(database)}
    ), signed_in as materialized (
      select * from noted_on_user where ${hasRoom(database, maximum)}
    ), opened as (
      insert into ${tables.sessions} (id, user_id, family_hash, current_hash, created_at, last_used_at, idle_expires_at, expires_at,
        access_expires_at, ip_address, user_agent, opened_version)
      select ${session.id}::uuid, user_id, ${session.familyHash}::bytea, ${session.currentHash}::bytea, ${now}::timestamptz,
        ${session.lastUsedAt.toISOString()}::timestamptz, ${session.idleExpiresAt.toISOString()}::timestamptz,
        ${session.expiresAt.toISOString()}::timestamptz, ${session.accessExpiresAt.toISOString()}::timestamptz,
        ${session.ipAddress}, ${session.userAgent}, version
      from signed_in
    ), audited as (
      ${insertEvent(database, eventValuesOf(event))} from signed_in
    )${tellNews(database, signIn)}${noteDevice(database, signIn)}
    select *, not exists (select 1 from signed_in) as is_full from noted_on_user`;
  const [row] = rows;
  if (row === undefined) return undefined;
  return row.is_full ? { kind: "full" } : { kind: "signed_in", account: readAccountRow(row) };
}

function hasRoom({ $sql: sql, $functions: functions }: Statements, maximum: number | undefined) {
  return maximum === undefined ? sql`true` : sql`${functions.hasRoomForSession}(user_id, ${maximum}::integer)`;
}

/** Left out of the statement where nobody wants to know. */
function tellNews({ $sql: sql, $tables: tables }: Statements, { news }: SignIn) {
  if (news.length === 0) return sql``;
  return sql`, told as (
      insert into ${tables.outbox} (${messageColumns<DriverPiece>(sql)})
      select messages.* from signed_in, (${messageRows<DriverPiece>(sql, news)}) as messages
    )`;
}

/**
 * The devices that are known already are the other ones: where tables are spread, a part of a statement sees what the parts before it
 * wrote.
 */
function noteDevice(statements: Statements, { device, session }: SignIn) {
  const { $sql: sql, $tables: tables } = statements;
  if (device === undefined) return sql``;
  const noted = sql`, noted as (
      insert into ${tables.knownDevices} (user_id, fingerprint, first_seen_at)
      select user_id, ${device.fingerprint}::bytea, ${session.createdAt.toISOString()}::timestamptz from signed_in
      on conflict do nothing
      returning user_id
    )`;
  if (device.notice === undefined) return noted;
  return sql`${noted}, is_news as (
      select user_id from noted where exists (
        select 1 from ${tables.knownDevices} as known_devices
        where known_devices.user_id = ${session.userId}::uuid and fingerprint <> ${device.fingerprint}::bytea)
    ), ${noticeParts(statements, "is_news", device.notice)}`;
}
