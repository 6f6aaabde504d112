import { type SQL, sql } from "drizzle-orm";
import { addSeconds } from "../core/clock.ts";
import type { Statements, Transaction } from "../database/database.ts";
import type { DriverPiece, SqlTag } from "../database/sql-tag.ts";
import { outbox } from "../database/tables/outbox.ts";
import { recentNotices } from "../database/tables/recent-notices.ts";
import { messageColumns, messageRows, type OutboxRow } from "./outbox-store.ts";

/*
 * A notice is written by the statement that counts it. That statement locks the row of the counter, so any number of statements at
 * once take turns there, and each sees what those before it have counted. The last few instants are kept, so no hour has more than the
 * limit.
 */

/** The most notices of one kind for one user in any hour. Each kind counts by itself: many sign-ins must not hide a changed password. */
export const NOTICES_PER_HOUR = 5;
const WINDOW_SECONDS = 3600;

/** Counts it for each `user_id` of `told`, and has those that there was room for. */
function countNotice<Piece>(tag: SqlTag<Piece>, parts: { counters: Piece; told: Piece; notice: OutboxRow }): Piece {
  const { now, windowStart } = windowOf(parts.notice);
  return tag`
    insert into ${parts.counters} as recent_notices (user_id, topic, told_at, last_told_at)
    select user_id, ${parts.notice.topic}, array[${now}::timestamptz], ${now}::timestamptz from ${parts.told}
    on conflict (user_id, topic) do update
    set told_at = (excluded.told_at || recent_notices.told_at)[1:${NOTICES_PER_HOUR}], last_told_at = excluded.last_told_at
    where recent_notices.told_at[${NOTICES_PER_HOUR}] is null or recent_notices.told_at[${NOTICES_PER_HOUR}] <= ${windowStart}::timestamptz
    returning user_id`;
}

/** One message for each that was counted. */
function writeNotice<Piece>(tag: SqlTag<Piece>, table: Piece, notice: OutboxRow): Piece {
  return tag`insert into ${table} (${messageColumns(tag)}) select messages.* from counted, (${messageRows(tag, [notice])}) as messages`;
}

/** Part of a statement with the CTE `source`, which has the `user_id` of whoever is to be told, or no row. */
export function noticeParts({ $sql, $tables: tables }: Statements, source: string, notice: OutboxRow): DriverPiece {
  return $sql`
    counted as (${countNotice<DriverPiece>($sql, { counters: tables.recentNotices, told: $sql(source), notice })}),
    told_notice as (${writeNotice<DriverPiece>($sql, tables.outbox, notice)})`;
}

/** Counts and writes a notice in a transaction. */
export async function insertNotice(tx: Transaction, userId: string, notice: OutboxRow): Promise<void> {
  const told = sql`(values (${userId}::uuid)) as told (user_id)`;
  await tx.execute(sql`
    with counted as (${countNotice<SQL>(sql, { counters: sql`${recentNotices}`, told, notice })})
    ${writeNotice<SQL>(sql, sql`${outbox}`, notice)}`);
}

function windowOf({ createdAt }: OutboxRow) {
  return { now: createdAt.toISOString(), windowStart: addSeconds(createdAt, -WINDOW_SECONDS).toISOString() };
}
