import { type SQL, sql } from "drizzle-orm";
import { NIL as FIRST_ID } from "uuid";
import { CLOCK_SKEW_SECONDS } from "../../../core/clock.ts";
import type { SessionEndReason } from "../../../core/errors.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import { tryLock } from "../../../database/locks.ts";
import { sessionEnds } from "../../../database/tables/session-ends.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { users as userTable } from "../../../database/tables/users.ts";

/*
 * Marking the sessions that one row of `session_ends` has ended. All of it is done under one lock, oldest end first, so that each session
 * gets the reason of the first end after it was opened.
 */

/** False where another process is at it. Held until the transaction ends. */
export function lockMarking(tx: Transaction): Promise<boolean> {
  return tryLock(tx, "marking");
}

/** An end whose sessions are not all marked. */
export interface UnmarkedEnd {
  readonly id: string;
  /** Null for everybody. */
  readonly userId: string | null;
  readonly openedBelow: number | null;
  readonly idBelow: string | null;
  readonly endedAt: Date;
  readonly endReason: SessionEndReason;
  readonly actorId: string | null;
  readonly markedUntil: string;
  readonly walks: number;
}

interface EndRow {
  id: string;
  user_id: string | null;
  opened_below: number | null;
  id_below: string | null;
  ended_at: string;
  end_reason: SessionEndReason;
  actor_id: string | null;
  marked_until: string | null;
  walks: number;
}

const DUE_COLUMNS = sql`id, user_id, opened_below, id_below, ended_at, end_reason, actor_id, marked_until, walks`;

/**
 * The oldest end with something left to do. One of everybody is walked through twice, the second time once whatever was under way when it
 * was committed is over: before `walkedAgain`.
 */
export async function findUnmarkedEnd(client: Database | Transaction, walkedAgain: Date): Promise<UnmarkedEnd | undefined> {
  const [row] = await client.execute<EndRow & Record<string, unknown>>(sql`
    select ${DUE_COLUMNS} from ${sessionEnds}
    where user_id is not null or walks = 0 or ended_at < ${walkedAgain.toISOString()}
    order by ended_at, opened_below limit 1`);
  if (row === undefined) return undefined;
  return {
    id: row.id,
    userId: row.user_id,
    openedBelow: row.opened_below,
    idBelow: row.id_below,
    endedAt: new Date(row.ended_at),
    endReason: row.end_reason,
    actorId: row.actor_id,
    markedUntil: row.marked_until ?? FIRST_ID,
    walks: row.walks,
  };
}

export interface MarkedBatch {
  readonly marked: readonly { readonly id: string; readonly userId: string }[];
  /** Whether there is nothing left to look at. */
  readonly isLast: boolean;
}

/** An expired one gets the end that it had: nobody was signed out by this. */
function markAs({ endedAt, endReason }: UnmarkedEnd): SQL {
  const expiry = sql`least(sessions.idle_expires_at, sessions.expires_at)`;
  const isExpired = sql`${expiry} <= ${endedAt.toISOString()}::timestamptz - ${CLOCK_SKEW_SECONDS} * interval '1 second'`;
  return sql`
    ended_at = case when ${isExpired} then ${expiry} else ${endedAt.toISOString()}::timestamptz end,
    end_reason = case when ${isExpired} then 'EXPIRED' else ${endReason}::text end`;
}

/** Nothing is written about a user whose erasure has begun; until the transaction ends none begins. */
const notBeingErased = sql`email_key not like 'erased %'`;

/** The next sessions of one user, by an index. */
export async function markNextOfUser(tx: Transaction, end: UnmarkedEnd, limit: number): Promise<MarkedBatch> {
  const users = await tx.execute(sql`select 1 from ${userTable} where id = ${end.userId} and ${notBeingErased} for key share`);
  if (users.length === 0) return { marked: [], isLast: true };
  const rows = await tx.execute<{ id: string; user_id: string; end_reason: string }>(sql`
    update ${sessions} as sessions set ${markAs(end)}
    from (
      select id from ${sessions} where user_id = ${end.userId} and ended_at is null and opened_version < ${end.openedBelow}
      order by opened_version, id limit ${limit} for update
    ) as batch
    where sessions.id = batch.id
    returning sessions.id, user_id, end_reason`);
  return { marked: markedOf(rows), isLast: rows.length < limit };
}

/** The next sessions of everybody, by their ids: how far it came is kept in the end's row. */
export async function markNextOfEverybody(tx: Transaction, end: UnmarkedEnd, limit: number): Promise<MarkedBatch> {
  const looked = await tx.execute<{ id: string; user_id: string }>(sql`
    select id, user_id from ${sessions} where id > ${end.markedUntil} and id < ${end.idBelow} order by id limit ${limit}`);
  const ids = looked.map(({ id }) => id);
  const users = [...new Set(looked.map(({ user_id }) => user_id))].sort();
  const rows = await tx.execute<{ id: string; user_id: string; end_reason: string }>(sql`
    with present as materialized (
      select id from ${userTable} where id = any(${sql.param(users)}::uuid[]) and ${notBeingErased} order by id for key share
    ), batch as materialized (
      select sessions.id from ${sessions} as sessions join present on present.id = sessions.user_id
      where sessions.id = any(${sql.param(ids)}::uuid[]) and ended_at is null
      order by sessions.id for update of sessions
    )
    update ${sessions} as sessions set ${markAs(end)} from batch where sessions.id = batch.id
    returning sessions.id, user_id, end_reason`);
  const isLast = looked.length < limit;
  const until = isLast ? FIRST_ID : (ids.at(-1) ?? FIRST_ID);
  await tx.execute(sql`
    update ${sessionEnds} set marked_until = ${until}, walks = walks + ${isLast ? 1 : 0} where id = ${end.id}`);
  return { marked: markedOf(rows), isLast };
}

function markedOf(rows: readonly { id: string; user_id: string; end_reason: string }[]): MarkedBatch["marked"] {
  return rows.flatMap(({ id, user_id, end_reason }) => (end_reason === "EXPIRED" ? [] : [{ id, userId: user_id }]));
}
