import { type SQL, sql } from "drizzle-orm";
import type { Database, Transaction } from "../../database/database.ts";
import { tryLock } from "../../database/locks.ts";
import { auditEvents } from "../../database/tables/audit-events.ts";
import { emailAddresses } from "../../database/tables/email-addresses.ts";
import { knownDevices } from "../../database/tables/known-devices.ts";
import { oneTimeTokens } from "../../database/tables/one-time-tokens.ts";
import { outbox } from "../../database/tables/outbox.ts";
import { rateLimits } from "../../database/tables/rate-limits.ts";
import { recentNotices } from "../../database/tables/recent-notices.ts";
import { revocations } from "../../database/tables/revocations.ts";
import { sessions } from "../../database/tables/sessions.ts";

/** One short transaction under a lock that another process may hold: then undefined, for that one is at it. */
export function purgeAlone<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result | undefined> {
  return database.transaction(async (tx) => ((await tryLock(tx, "purge")) ? await work(tx) : undefined));
}

/**
 * Rows of several nodes cannot be locked by one statement. There a row that is being used is waited for, and stays where it is not over any
 * more: each statement asks for that of what it deletes as well.
 */
async function skipLocked(tx: Transaction): Promise<SQL> {
  return (await tx.$isSpread()) ? sql`` : sql`for update skip locked`;
}

/** The number of deleted rows, at most `limit`. */
export async function deleteExpiredRevocations(tx: Transaction, before: Date, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${revocations} where (kind, subject_id) in (
      select kind, subject_id from ${revocations} where expires_at < ${before.toISOString()} limit ${limit})`);
  return deleted.count;
}

/** Skips what is being counted in: that row is in nobody's way, and waiting for it could be waiting in a circle. */
export async function deleteEndedRateLimits(tx: Transaction, before: Date, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${rateLimits} where key in (
      select key from ${rateLimits} where ends_at <= ${before.toISOString()} order by ends_at limit ${limit} for update skip locked)`);
  return deleted.count;
}

/**
 * At most `limit` messages that were finished before then, and as many that were worthless by then and that nothing is configured to send.
 */
export async function deleteOldMessages(tx: Transaction, before: Date, limit: number): Promise<number> {
  const finished = await tx.execute(sql`
    delete from ${outbox} where id in (
      select id from ${outbox} where state <> 'PENDING' and finished_at < ${before.toISOString()} limit ${limit})`);
  const worthless = await tx.execute(sql`
    delete from ${outbox} where id in (
      select id from ${outbox} where state = 'PENDING' and next_attempt_at < ${before.toISOString()}
        and expires_at < ${before.toISOString()}
      limit ${limit} for update skip locked)`);
  return finished.count + worthless.count;
}

/**
 * Skips what is being used: whoever does so deletes it. That several have registered is kept until the address is proven or the account
 * goes: else the next message would prove the address for whoever registered first.
 */
export async function deleteExpiredOneTimeTokens(tx: Transaction, before: Date, limit: number): Promise<number> {
  const isOver = sql`expires_at < ${before.toISOString()} and not is_contested`;
  const deleted = await tx.execute(sql`
    delete from ${oneTimeTokens} where ${isOver} and (user_id, id) in (
      select user_id, id from ${oneTimeTokens} where ${isOver} limit ${limit} ${await skipLocked(tx)})`);
  return deleted.count;
}

/** Addresses that nobody can go back to any more. Skips one that is being taken. */
export async function deleteExpiredReservations(tx: Transaction, before: Date, limit: number): Promise<number> {
  const isOver = sql`state = 'RESERVED' and until < ${before.toISOString()}`;
  const deleted = await tx.execute(sql`
    delete from ${emailAddresses} where ${isOver} and email_key in (
      select email_key from ${emailAddresses} where ${isOver} limit ${limit} ${await skipLocked(tx)})`);
  return deleted.count;
}

export async function deleteOldDevices(tx: Transaction, before: Date, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${knownDevices} where (user_id, fingerprint) in (
      select user_id, fingerprint from ${knownDevices} where first_seen_at < ${before.toISOString()}
        order by first_seen_at limit ${limit})`);
  return deleted.count;
}

/** What was told so long ago counts no more. */
export async function deleteOldNotices(tx: Transaction, before: Date, limit: number): Promise<number> {
  const isOver = sql`last_told_at < ${before.toISOString()}`;
  const deleted = await tx.execute(sql`
    delete from ${recentNotices} where ${isOver} and (user_id, topic) in (
      select user_id, topic from ${recentNotices} where ${isOver} order by last_told_at limit ${limit} ${await skipLocked(tx)})`);
  return deleted.count;
}

/** Entries are deleted in the order of their ids, which is that of time. */
export async function deleteAuditEvents(tx: Transaction, beforeId: string, limit: number): Promise<number> {
  const deleted = await tx.execute(sql`
    delete from ${auditEvents} where (user_id, id) in (
      select user_id, id from ${auditEvents} where id < ${beforeId} order by id limit ${limit})`);
  return deleted.count;
}

export interface SessionWalk {
  /** The last session that was looked at; undefined at the end of the table. */
  readonly last: string | undefined;
  readonly deleted: number;
}

/**
 * Looks at the next `limit` sessions in the order of their ids, and deletes those that ended or expired before `endedBefore`.
 * A walk, because an index on when they end idle would turn every rotation into more than a heap-only update.
 */
export async function deleteEndedSessions(
  tx: Transaction,
  from: { after: string; endedBefore: Date; limit: number },
): Promise<SessionWalk> {
  const [row] = await tx.execute<{ last: string | null; seen: number; deleted: number }>(sql`
    with looked_at as (
      select user_id, id from ${sessions} where id > ${from.after} order by id limit ${from.limit}
    ), deleted as (
      delete from ${sessions} as sessions using looked_at
      where sessions.user_id = looked_at.user_id and sessions.id = looked_at.id
        and least(ended_at, idle_expires_at, expires_at) < ${from.endedBefore.toISOString()}
      returning sessions.id
    )
    select (select id from looked_at order by id desc limit 1) as last,
      (select count(*)::int from looked_at) as seen, (select count(*)::int from deleted) as deleted`);
  const isEnd = row === undefined || row.last === null || row.seen < from.limit;
  return { last: isEnd ? undefined : (row.last ?? undefined), deleted: row?.deleted ?? 0 };
}
