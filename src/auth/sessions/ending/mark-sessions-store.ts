import { and, eq, lt, or, type SQL, sql } from "drizzle-orm";
import { NIL as FIRST_ID } from "uuid";
import { addSeconds, CLOCK_SKEW_SECONDS } from "../../../core/clock.ts";
import type { SessionEndReason } from "../../../core/errors.ts";
import type { Database, Transaction } from "../../../database/database.ts";
import { tryLock } from "../../../database/locks.ts";
import { accountErasures } from "../../../database/tables/account-erasures.ts";
import { sessionEnds } from "../../../database/tables/session-ends.ts";
import { sessionEndsOfEverybody } from "../../../database/tables/session-ends-of-everybody.ts";
import { sessions } from "../../../database/tables/sessions.ts";
import { users } from "../../../database/tables/users.ts";

/*
 * Marking the sessions that one row has ended, of `session_ends` or of `session_ends_of_everybody`. All of it is done under one lock,
 * oldest end first, so that each session gets the reason of the first end after it was opened.
 */

/** False where another process is at it. Held until the transaction ends. */
export function lockMarking(tx: Transaction): Promise<boolean> {
  return tryLock(tx, "marking");
}

interface UnmarkedEndOfSome {
  readonly id: string;
  readonly endedAt: Date;
  readonly endReason: SessionEndReason;
  readonly actorId: string | null;
}

export interface UnmarkedEndOfUser extends UnmarkedEndOfSome {
  readonly kind: "user";
  readonly userId: string;
  readonly openedBelow: number;
}

export interface UnmarkedEndOfEverybody extends UnmarkedEndOfSome {
  readonly kind: "everybody";
  readonly idBelow: string;
  readonly markedUntil: string;
  readonly walks: number;
}

/** An end whose sessions are not all marked. */
export type UnmarkedEnd = UnmarkedEndOfUser | UnmarkedEndOfEverybody;

/**
 * The oldest end with something left to do. One of everybody is walked through twice, the second time once whatever was under way when it
 * was committed is over: before `walkedAgain`.
 */
export async function findUnmarkedEnd(client: Database | Transaction, walkedAgain: Date): Promise<UnmarkedEnd | undefined> {
  const [ofUser] = await client.select().from(sessionEnds).orderBy(sessionEnds.endedAt, sessionEnds.openedBelow).limit(1);
  const isDue = or(eq(sessionEndsOfEverybody.walks, 0), lt(sessionEndsOfEverybody.endedAt, walkedAgain));
  const [ofEverybody] = await client.select().from(sessionEndsOfEverybody).where(isDue).orderBy(sessionEndsOfEverybody.endedAt).limit(1);
  if (ofEverybody === undefined || (ofUser !== undefined && ofUser.endedAt <= ofEverybody.endedAt)) {
    return ofUser && { ...ofUser, kind: "user", endReason: ofUser.endReason as SessionEndReason };
  }
  const { endReason, markedUntil } = ofEverybody;
  return { ...ofEverybody, kind: "everybody", endReason: endReason as SessionEndReason, markedUntil: markedUntil ?? FIRST_ID };
}

/** Once all its sessions are marked. */
export async function deleteSessionEnd(tx: Transaction, end: UnmarkedEnd): Promise<void> {
  if (end.kind === "everybody") await tx.delete(sessionEndsOfEverybody).where(eq(sessionEndsOfEverybody.id, end.id));
  else await tx.delete(sessionEnds).where(and(eq(sessionEnds.userId, end.userId), eq(sessionEnds.id, end.id)));
}

export interface MarkedBatch {
  readonly marked: readonly { readonly id: string; readonly userId: string }[];
  /** Whether there is nothing left to look at. */
  readonly isLast: boolean;
}

/** An expired one gets the end that it had: nobody was signed out by this. */
function markAs({ endedAt, endReason }: UnmarkedEndOfSome): SQL {
  const expiry = sql`least(sessions.idle_expires_at, sessions.expires_at)`;
  const isExpired = sql`${expiry} <= ${addSeconds(endedAt, -CLOCK_SKEW_SECONDS).toISOString()}::timestamptz`;
  return sql`
    ended_at = case when ${isExpired} then ${expiry} else ${endedAt.toISOString()}::timestamptz end,
    end_reason = case when ${isExpired} then 'EXPIRED' else ${endReason}::text end`;
}

/**
 * Those users about whom anything may be written, locked: nothing is about one whose erasure has begun, and until the transaction ends none
 * begins. Two statements, because what begins one locks the user first: whoever has waited for that sees it with the next statement only.
 */
async function lockUsers(tx: Transaction, ids: readonly string[]): Promise<string[]> {
  const wanted = sql.param([...ids]);
  const found = (await tx.$isSpread())
    ? await lockOneByOne(tx, ids)
    : await tx.execute<{ id: string }>(sql`
    select id from ${users} where id = any(${wanted}::uuid[]) order by id for key share`);
  const begun = await tx.execute<{ user_id: string }>(sql`select user_id from ${accountErasures} where user_id = any(${wanted}::uuid[])`);
  const leaving = new Set(begun.map(({ user_id }) => user_id));
  return found.map(({ id }) => id).filter((id) => !leaving.has(id));
}

/** Where users are spread, only one that is named can be locked. */
async function lockOneByOne(tx: Transaction, ids: readonly string[]): Promise<{ id: string }[]> {
  const found: { id: string }[] = [];
  for (const id of [...ids].sort()) {
    found.push(...(await tx.execute<{ id: string }>(sql`select id from ${users} where id = ${id} for key share`)));
  }
  return found;
}

/** The next sessions of one user, by an index, in its order: in another one, each batch would sort all that are left. */
export async function markNextOfUser(tx: Transaction, end: UnmarkedEndOfUser, limit: number): Promise<MarkedBatch> {
  const [userId] = await lockUsers(tx, [end.userId]);
  if (userId === undefined) return { marked: [], isLast: true };
  // But where sessions are spread, by whose they are once more: else every node is asked.
  const ofNode = (await tx.$isSpread()) ? sql`and sessions.user_id = ${userId}` : sql``;
  const rows = await tx.execute<{ id: string; user_id: string; end_reason: string }>(sql`
    update ${sessions} as sessions set ${markAs(end)}
    from (
      select user_id as owner, id from ${sessions}
      where user_id = ${userId} and ended_at is null and opened_version < ${end.openedBelow}
      order by ended_at, opened_version, id limit ${limit} for update
    ) as batch
    where sessions.user_id = batch.owner and sessions.id = batch.id ${ofNode}
    returning sessions.id, user_id, end_reason`);
  return { marked: markedOf(rows), isLast: rows.length < limit };
}

/** The next sessions of everybody, by their ids: how far it came is kept in the end's row. */
export async function markNextOfEverybody(tx: Transaction, end: UnmarkedEndOfEverybody, limit: number): Promise<MarkedBatch> {
  const looked = await tx.execute<{ id: string; user_id: string }>(sql`
    select id, user_id from ${sessions} where id > ${end.markedUntil} and id < ${end.idBelow} order by id limit ${limit}`);
  const ids = looked.map(({ id }) => id);
  const present = await lockUsers(tx, [...new Set(looked.map(({ user_id }) => user_id))]);
  // Where sessions are spread, the rows of several nodes cannot be locked in an order; their users are.
  const inOrder = (await tx.$isSpread()) ? sql`` : sql`order by id for update`;
  const rows = await tx.execute<{ id: string; user_id: string; end_reason: string }>(sql`
    with batch as materialized (
      select user_id as owner, id from ${sessions}
      where id = any(${sql.param(ids)}::uuid[]) and user_id = any(${sql.param(present)}::uuid[]) and ended_at is null
      ${inOrder}
    )
    update ${sessions} as sessions set ${markAs(end)} from batch
    where user_id = batch.owner and sessions.id = batch.id and ended_at is null
    returning sessions.id, user_id, end_reason`);
  const isLast = looked.length < limit;
  const until = isLast ? FIRST_ID : (ids.at(-1) ?? FIRST_ID);
  await tx.execute(sql`
    update ${sessionEndsOfEverybody} set marked_until = ${until}, walks = walks + ${isLast ? 1 : 0} where id = ${end.id}`);
  return { marked: markedOf(rows), isLast };
}

function markedOf(rows: readonly { id: string; user_id: string; end_reason: string }[]): MarkedBatch["marked"] {
  return rows.flatMap(({ id, user_id, end_reason }) => (end_reason === "EXPIRED" ? [] : [{ id, userId: user_id }]));
}
