import { sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { LostConnectionError } from "../../database/lost-connection.ts";
import { nameTables } from "../../database/qualified-names.ts";
import { revocations } from "../../database/tables/revocations.ts";
import { sessions } from "../../database/tables/sessions.ts";
import { users } from "../../database/tables/users.ts";
import type { Revocable, Revocation } from "./revocation.ts";
import { isNotEndedSession } from "./session-ends-store.ts";

/**
 * Where it is announced that there are revocations to read, to those of the same schema. Anybody who may connect to the database may
 * announce there, and listen.
 */
export function revocationChannel(schema: string): string {
  return `${schema}_revocations`;
}

/**
 * Writes and announces in one statement: PostgreSQL delivers the announcement when the transaction commits, or never. It says nothing,
 * because nobody would believe it, and others may listen.
 */
export async function insertRevocation(tx: Transaction, revocation: Revocation, revokedAt: Date): Promise<void> {
  const { kind, subjectId, version, expiresAt } = revocation;
  await tx.execute(sql`
    with written as (
      insert into ${revocations} as revocations (kind, subject_id, version, revoked_at, expires_at)
      values (${kind}, ${subjectId}, ${version}, ${revokedAt.toISOString()}::timestamptz, ${expiresAt.toISOString()}::timestamptz)
      on conflict (kind, subject_id) do update
      set version = greatest(revocations.version, excluded.version),
          revoked_at = excluded.revoked_at,
          expires_at = greatest(revocations.expires_at, excluded.expires_at),
          transaction_id = excluded.transaction_id
      returning 1
    )
    select pg_notify(${revocationChannel(tx.$schema)}, '') from written`);
}

export interface RevocationReading {
  /** PostgreSQL's snapshot of it: which transactions had ended, and so are in this reading or an earlier one, if they revoked anything. */
  readonly position: string;
  /** Of which server and connection the position is. */
  readonly connectionId: string;
}

interface ReadingRow {
  position: string;
  connection_id: string;
  is_standby: boolean;
  kind: Revocation["kind"] | null;
  subject_id: string;
  version: number | null;
  expires_at: string;
}

/** So many rows are applied at a time, so that a hundred thousand of them do not keep requests waiting. */
const ROWS_AT_A_TIME = 1000;

/**
 * Applies what was revoked by transactions that had not ended at the position `since`. Rows appear when they commit, in any order:
 * this misses none of them and repeats none, however long some transaction stays open. Rejects with `IS_STANDBY` where a pooler sends
 * what only reads to a standby: what has not arrived there yet would be missing.
 */
export async function readRevocationsSince(
  $sql: Database["$sql"],
  from: { schema: string; since: string; now: Date },
  apply: (revocation: Revocation) => void,
): Promise<RevocationReading> {
  const slices = $sql<ReadingRow[]>`
    select pg_current_snapshot()::text as position,
      pg_backend_pid() || '@' || pg_postmaster_start_time() as connection_id, pg_is_in_recovery() as is_standby,
      kind, subject_id, version, expires_at
    from (select 1) as always
      left join ${nameTables($sql, from.schema).revocations} on transaction_id >= pg_snapshot_xmin(${from.since}::pg_snapshot)
        and not pg_visible_in_snapshot(transaction_id, ${from.since}::pg_snapshot)
        and expires_at > ${from.now.toISOString()}::timestamptz`.cursor(ROWS_AT_A_TIME);
  let reading: RevocationReading | undefined;
  for await (const rows of slices) {
    for (const { position, connection_id, is_standby, kind, subject_id, version, expires_at } of rows) {
      if (is_standby) throw new LostConnectionError("IS_STANDBY");
      reading ??= { position, connectionId: connection_id };
      if (kind !== null) apply({ kind, subjectId: subject_id, version, expiresAt: new Date(expires_at) });
    }
  }
  if (reading === undefined) throw new Error("A left join returned no row.");
  return reading;
}

export type LookUpToken = (token: Revocable) => Promise<boolean>;

/** Whether a token's session lives and its user has not moved on: the truth that revocations only announce. */
export function createTokenLookUp(database: Database): LookUpToken {
  const statement = database
    .select({ id: sessions.id })
    .from(sessions)
    .innerJoin(users, sql`${users.id} = ${sessions.userId}`)
    .where(
      sql`${sessions.userId} = ${sql.placeholder("userId")} and ${sessions.id} = ${sql.placeholder("sessionId")} and ${isNotEndedSession}
        and ${users.id} = ${sql.placeholder("userId")} and ${users.version} <= ${sql.placeholder("version")}
          and ${users.status} = 'ACTIVE'`,
    )
    .prepare("look_up_token");
  return async ({ sessionId, userId, version }) => (await statement.execute({ sessionId, userId, version })).length > 0;
}
