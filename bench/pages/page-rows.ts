import type postgres from "postgres";
import { openRawClient } from "../../tests/support/raw-client.ts";

const ROWS = 1_000_000;
/** Between one row and the next: a million of them make half a year, up to now. */
const MILLISECONDS_APART = 15_000;

/** Rows for the cases to ask for. */
export interface PageRows {
  readonly userId: string;
  readonly sessionId: string;
  /** Behind nine tenths of the entries, and of the users. */
  readonly deepEventId: string;
  readonly deepUserId: string;
  /** A day in the middle. */
  readonly from: Date;
  readonly to: Date;
}

/** A million users and as many audit events, of 10,000 users with two sessions each. */
export async function fillPages(databaseUrl: string): Promise<PageRows> {
  const sql = openRawClient(databaseUrl);
  try {
    const start = Date.now() - ROWS * MILLISECONDS_APART;
    await sql.unsafe(`create function pg_temp.id_of(number bigint) returns uuid language sql immutable as $$
      select (lpad(to_hex(${start}::bigint + number * ${MILLISECONDS_APART}), 12, '0')
        || '70008' || lpad(to_hex(number), 15, '0'))::uuid $$`);
    await insertUsers(sql, start);
    await insertAuditEvents(sql, start);
    await sql`vacuum analyze users, audit_events`;
    return await chooseRows(sql, start);
  } finally {
    await sql.end();
  }
}

/** One in a hundred supports, one in a hundred thousand audits, one in a thousand is disabled. */
async function insertUsers(sql: postgres.Sql, start: number): Promise<void> {
  await sql.unsafe(`
    insert into users (id, email, email_key, password_hash, roles, status, created_at)
    select pg_temp.id_of(number), address, address, '-',
      case when number % 100000 = 7 then '{user,auditor}'::text[] when number % 100 = 3 then '{user,support}' else '{user}' end,
      case when number % 1000 = 5 then 'DISABLED' else 'ACTIVE' end, to_timestamp((${start} + number * ${MILLISECONDS_APART}) / 1000.0)
    from (select number, left(md5(number::text), 8) || number || '@example.com' as address
      from generate_series(1::bigint, ${ROWS}) as number) as made`);
}

/** Mostly refreshes; one failed login in fifty, ten changes of roles. */
async function insertAuditEvents(sql: postgres.Sql, start: number): Promise<void> {
  await sql.unsafe(`
    insert into audit_events (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
    select pg_temp.id_of(number),
      case when number % 100000 = 11 then 'ROLES_CHANGED' when number % 50 = 1 then 'LOGIN_FAILED'
        when number % 10 = 2 then 'LOGIN_SUCCEEDED' else 'TOKEN_REFRESHED' end,
      to_timestamp((${start} + number * ${MILLISECONDS_APART}) / 1000.0), pg_temp.id_of(number % 10000), pg_temp.id_of(number % 10000),
      pg_temp.id_of(number % 20000), '192.0.2.1', 'Mozilla/5.0 (X11; Linux x86_64)', number % 50 <> 1
    from generate_series(1::bigint, ${ROWS}) as number`);
}

async function chooseRows(sql: postgres.Sql, start: number): Promise<PageRows> {
  const middle = start + (ROWS / 2) * MILLISECONDS_APART;
  const [row] = await sql`
    select pg_temp.id_of(4321) as "userId", pg_temp.id_of(4321) as "sessionId",
      pg_temp.id_of(${ROWS / 10}) as "deepEventId", pg_temp.id_of(${ROWS / 10}) as "deepUserId"`;
  return {
    ...(row as Pick<PageRows, "userId" | "sessionId" | "deepEventId" | "deepUserId">),
    from: new Date(middle),
    to: new Date(middle + 86_400_000),
  };
}
