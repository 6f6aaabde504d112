import { sql } from "drizzle-orm";
import type { Database } from "../database/database.ts";
import { outbox } from "../database/tables/outbox.ts";
import type { Message } from "./outbox-messages.ts";

export type Channel = Message["channel"];

/** A message that is leased to this process: nobody else has it until the lease is over. */
export interface LeasedRow {
  readonly id: string;
  readonly channel: Channel;
  readonly topic: string;
  readonly awaited: boolean;
  readonly encryptedPayload: Buffer | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** The number of attempts, this one included. */
  readonly attempts: number;
}

interface Row extends Record<string, unknown> {
  readonly id: string;
  readonly channel: Channel;
  readonly topic: string;
  readonly awaited: boolean;
  readonly payload: Buffer | null;
  /** Milliseconds since 1970, as the next. */
  readonly created: number;
  readonly expires: number;
  readonly attempts: number;
}

export interface LeaseOptions {
  readonly channel: Channel;
  readonly now: Date;
  readonly leaseUntil: Date;
  readonly limit: number;
  /** At most so many of the messages that nobody waits for. */
  readonly limitOfOthers: number;
}

/**
 * Leases the messages that have been due for longest, those that somebody waits for first. Whoever else looks meanwhile gets others: rows
 * that are being leased are passed over, and leased ones are due again only when the lease is over.
 */
export async function leaseDue(database: Database, { channel, now, leaseUntil, limit, limitOfOthers }: LeaseOptions): Promise<LeasedRow[]> {
  const isDue = sql`state = 'PENDING' and channel = ${channel} and next_attempt_at <= ${now.toISOString()}::timestamptz`;
  const statement = sql`
    with awaited_due as (
      select id from ${outbox} where ${isDue} and awaited order by next_attempt_at limit ${limit} for update skip locked
    ), other_due as (
      select id from ${outbox} where ${isDue} and not awaited order by next_attempt_at
      limit least(${limitOfOthers}::int, ${limit}::int - (select count(*) from awaited_due)) for update skip locked
    ), due as (
      select id from awaited_due union all select id from other_due
    )
    update ${outbox} as outbox set attempts = attempts + 1, next_attempt_at = ${leaseUntil.toISOString()}::timestamptz
    from due where outbox.id = due.id
    returning outbox.id, channel, topic, awaited, encrypted_payload as payload, attempts,
      (extract(epoch from created_at) * 1000)::float8 as created, (extract(epoch from expires_at) * 1000)::float8 as expires`;
  const rows = await database.execute<Row>(statement);
  return rows.map(({ payload, created, expires, ...row }) => ({
    ...row,
    encryptedPayload: payload,
    createdAt: new Date(created),
    expiresAt: new Date(expires),
  }));
}

export type FinalState = "SENT" | "KEPT" | "DEAD";

export interface Finish {
  readonly id: string;
  readonly state: FinalState;
  readonly now: Date;
  /** The problem in our words, without addresses and without the other side's words. */
  readonly problem: string | null;
}

/** Ends a message. The payload of one that was sent or given up is deleted, since nobody needs it; one that is kept stays readable. */
export async function finishMessage(database: Database, { id, state, now, problem }: Finish): Promise<void> {
  const statement = sql`
    update ${outbox} set state = ${state}, finished_at = ${now.toISOString()}::timestamptz, problem = ${problem}::text,
      encrypted_payload = case when ${state} = 'KEPT' then encrypted_payload end
    where id = ${id} and state = 'PENDING'`;
  await database.execute(statement);
}

/** Nothing is done where the lease ran out and another process has the message by now. */
export async function rescheduleMessage(
  database: Database,
  { id, attempts, at, problem }: { id: string; attempts: number; at: Date; problem: string },
): Promise<void> {
  const statement = sql`
    update ${outbox} set next_attempt_at = ${at.toISOString()}::timestamptz, problem = ${problem}
    where id = ${id} and state = 'PENDING' and attempts = ${attempts}`;
  await database.execute(statement);
}

/** How many wait to be sent; not counted further than `most`. */
export async function countPending(database: Database, most: number): Promise<number> {
  const statement = sql`select count(*)::int as pending
    from (select from ${outbox} where state = 'PENDING' limit ${most}) as pending_messages`;
  const [row] = await database.execute<{ pending: number }>(statement);
  return row?.pending ?? 0;
}

/** The last messages that were kept, newest first. */
export async function listKept(
  { $sql, $tables }: Database,
  limit: number,
): Promise<Pick<LeasedRow, "id" | "encryptedPayload" | "createdAt">[]> {
  const rows = await $sql<Pick<Row, "id" | "payload" | "created">[]>`
    select id, encrypted_payload as payload, (extract(epoch from created_at) * 1000)::float8 as created
    from ${$tables.outbox} where state = 'KEPT' order by id desc limit ${limit}`;
  return rows.map(({ id, payload, created }) => ({ id, encryptedPayload: payload, createdAt: new Date(created) }));
}
