import { sql } from "drizzle-orm";
import type { Statements, Transaction } from "../../database/database.ts";
import { outbox } from "../../database/tables/outbox.ts";
import { recentNotices } from "../../database/tables/recent-notices.ts";
import { addSeconds } from "../clock.ts";
import { insertedColumns, messageColumns, messageRows, messageRowsIn, type OutboxRow } from "./outbox-store.ts";

/*
 * What only informs is written by the statement that counts it. The row of the counter is locked by whoever counts, so any number of statements at
 * once take turns there, and each sees what those before it have counted. The last few instants are kept, so no hour has more than the limit.
 */

/** Of one kind, for one user, in any hour. Each kind by itself: many sign-ins must not hide a changed password. */
export const NOTICES_PER_HOUR = 5;
const WINDOW_SECONDS = 3600;

/** Part of a statement with the CTE `source`, which has the `user_id` of whoever is to be told, or no row. */
export function noticeParts({ $client: client, $tables: tables }: Statements, source: string, notice: OutboxRow) {
  const { now, windowStart } = windowOf(notice);
  return client`counted as (
      insert into ${tables.recentNotices} as recent_notices (user_id, topic, told_at, last_told_at)
      select user_id, ${notice.topic}, array[${now}::timestamptz], ${now}::timestamptz from ${client(source)}
      on conflict (user_id, topic) do update
      set told_at = (excluded.told_at || recent_notices.told_at)[1:${NOTICES_PER_HOUR}], last_told_at = excluded.last_told_at
      where recent_notices.told_at[${NOTICES_PER_HOUR}] is null or recent_notices.told_at[${NOTICES_PER_HOUR}] <= ${windowStart}::timestamptz
      returning user_id
    ), told_notice as (
      insert into ${tables.outbox} (${messageColumns(client)})
      select messages.* from counted, (${messageRows(client, [notice])}) as messages
    )`;
}

/** The same in a transaction. */
export async function insertNotice(tx: Transaction, userId: string, notice: OutboxRow): Promise<void> {
  const { now, windowStart } = windowOf(notice);
  await tx.execute(sql`
    with counted as (
      insert into ${recentNotices} as recent_notices (user_id, topic, told_at, last_told_at)
      values (${userId}, ${notice.topic}, array[${now}::timestamptz], ${now}::timestamptz)
      on conflict (user_id, topic) do update
      set told_at = (excluded.told_at || recent_notices.told_at)[1:${NOTICES_PER_HOUR}], last_told_at = excluded.last_told_at
      where recent_notices.told_at[${NOTICES_PER_HOUR}] is null or recent_notices.told_at[${NOTICES_PER_HOUR}] <= ${windowStart}::timestamptz
      returning user_id
    )
    insert into ${outbox} (${insertedColumns}) select messages.* from counted, (${messageRowsIn([notice])}) as messages`);
}

function windowOf({ createdAt }: OutboxRow) {
  return { now: createdAt.toISOString(), windowStart: addSeconds(createdAt, -WINDOW_SECONDS).toISOString() };
}
