import { hash } from "node:crypto";
import type postgres from "postgres";
import { formatRefreshToken } from "../../src/auth/tokens/refresh-tokens.ts";
import { openRawClient } from "../../tests/support/raw-client.ts";

const SESSIONS_OF_A_USER = 4;
/** Over which the sessions were opened, up to an hour ago. */
const SPAN_MILLISECONDS = 10 * 86_400_000;
const HOUR_MILLISECONDS = 3_600_000;
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";

/** Sessions that were opened and rotated before the benchmark, each with a token that is known. */
export interface SessionRows {
  readonly count: number;
  tokenOf(number: number): string;
}

/**
 * So many live sessions, each rotated before, and the audit event of its last rotation: what the indexes of both tables hold, a rotation
 * has to find its way in. Ids grow with time, as the gateway's do; secrets are hashes of the session's number.
 */
export async function fillSessions(databaseUrl: string, count: number): Promise<SessionRows> {
  const start = Date.now() - HOUR_MILLISECONDS - SPAN_MILLISECONDS;
  const apart = Math.floor(SPAN_MILLISECONDS / count);
  const sql = openRawClient(databaseUrl);
  try {
    await sql.unsafe(`create function pg_temp.id_of(number bigint) returns uuid language sql immutable as $$
      select (lpad(to_hex(${start}::bigint + number * ${apart}), 12, '0') || '70008' || lpad(to_hex(number), 15, '0'))::uuid $$`);
    await insertUsers(sql, count);
    await insertSessions(sql, { count, start, apart });
    await insertAuditEvents(sql, { count, start, apart });
    await sql`vacuum analyze users, sessions, audit_events`;
    await sql`checkpoint`;
  } finally {
    await sql.end();
  }
  const idOf = (number: number) => hexId(start + number * apart, number);
  return {
    count,
    tokenOf: (number) =>
      formatRefreshToken({
        userId: idOf(Math.floor(number / SESSIONS_OF_A_USER)),
        sessionId: idOf(number),
        familySecret: secret("family", number),
        generationSecret: secret("generation", number),
      }),
  };
}

interface Spread {
  readonly count: number;
  readonly start: number;
  readonly apart: number;
}

async function insertUsers(sql: postgres.Sql, sessions: number): Promise<void> {
  await sql.unsafe(`
    insert into users (id, email, email_key, password_hash, roles, created_at, last_login_at)
    select pg_temp.id_of(number), address, address, '$argon2id$v=19$m=19456,t=2,p=1$' || md5(number::text) || '$' || md5(address),
      '{user}', now(), now()
    from (select number, left(md5(number::text), 8) || number || '@example.com' as address
      from generate_series(0::bigint, ${Math.ceil(sessions / SESSIONS_OF_A_USER) - 1}) as number) as made`);
}

async function insertSessions(sql: postgres.Sql, { count, start, apart }: Spread): Promise<void> {
  await sql.unsafe(`
    insert into sessions (id, user_id, family_hash, current_hash, previous_hash, rotation_nonce,
      generation, rotated_at, created_at, last_used_at,
      idle_expires_at, expires_at, access_expires_at, ip_address, user_agent)
    select pg_temp.id_of(number), pg_temp.id_of(number / ${SESSIONS_OF_A_USER}),
      sha256(sha256(convert_to('family ' || number, 'UTF8'))), sha256(sha256(convert_to('generation ' || number, 'UTF8'))),
      sha256(convert_to('previous ' || number, 'UTF8')), sha256(convert_to('nonce ' || number, 'UTF8')), 7, opened, opened, opened,
      now() + interval '14 days', opened + interval '90 days', opened + interval '15 minutes', '192.0.2.' || number % 256, '${USER_AGENT}'
    from (select number, to_timestamp((${start} + number * ${apart}) / 1000.0) as opened
      from generate_series(0::bigint, ${count - 1}) as number) as made`);
}

async function insertAuditEvents(sql: postgres.Sql, { count, start, apart }: Spread): Promise<void> {
  await sql.unsafe(`
    insert into audit_events (id, type, occurred_at, user_id, actor_id, session_id, ip_address, user_agent, succeeded)
    select pg_temp.id_of(number), 'TOKEN_REFRESHED', to_timestamp((${start} + number * ${apart}) / 1000.0),
      pg_temp.id_of(number / ${SESSIONS_OF_A_USER}), pg_temp.id_of(number / ${SESSIONS_OF_A_USER}), pg_temp.id_of(number),
      '192.0.2.' || number % 256, '${USER_AGENT}', true
    from generate_series(0::bigint, ${count - 1}) as number`);
}

/** As `pg_temp.id_of` makes it. */
function hexId(milliseconds: number, number: number): string {
  const hex = `${milliseconds.toString(16).padStart(12, "0")}70008${number.toString(16).padStart(15, "0")}`;
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

function secret(of: "family" | "generation", number: number): Buffer {
  return Buffer.from(hash("sha256", `${of} ${number}`, "hex"), "hex");
}
