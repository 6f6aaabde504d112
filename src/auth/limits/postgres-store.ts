import type { Database } from "../../database/database.ts";
import { hashKey } from "./key-hash.ts";
import { type CountedCall, createPostponedGiveBacks } from "./postponed-give-backs.ts";
import { type LimitStore, listExhausted, type Quota, type QuotaState } from "./rate-limits.ts";
import { slotOf, windowMilliseconds } from "./slots.ts";

interface ReservedRow {
  readonly key: string;
  /** Both in milliseconds since 1970. */
  readonly slot: number;
  readonly free_at: number;
  readonly is_exhausted: boolean;
  readonly is_first: boolean;
}

/** Counts in the table `rate_limits`, for all processes: one statement for all quotas of a call, by the functions of the migrations. */
export interface PostgresStore extends LimitStore {
  /** Waits until everything that was given back is there. */
  close(): Promise<void>;
}

/** What is given back goes with the next reservation, or alone a little later: a login is spared the round trip. */
export function createPostgresStore(database: Database): PostgresStore {
  const giveBacks = createPostponedGiveBacks(
    (calls) => database.$sql`
      select ${database.$functions.giveBackCalls}(${keysOf(calls)}::text::uuid[], ${slotsOf(calls)}::text::bigint[])`,
  );

  function reserveAll(quotas: readonly Quota[], { keys, now }: { keys: readonly string[]; now: number }): Promise<ReservedRow[]> {
    return giveBacks.takeAlong(
      keys,
      async (calls) => database.$sql<ReservedRow[]>`
        select key, slot::float8, free_at::float8, is_exhausted, is_first from ${database.$functions.giveBackAndReserveCalls}(
          ${keysOf(calls)}::text::uuid[], ${slotsOf(calls)}::text::bigint[],
          ${arrayOf(keys)}::text::uuid[], ${arrayOf(quotas.map(({ limit }) => limit.max))}::text::integer[],
          ${arrayOf(quotas.map(({ limit }) => windowMilliseconds(limit)))}::text::bigint[],
          ${arrayOf(quotas.map(({ limit }) => slotOf(now, limit)))}::text::bigint[], ${now}::text::bigint)`,
    );
  }

  return {
    async reserve(quotas, now) {
      const keys = quotas.map(({ key }) => hashKey(key));
      const rows = await reserveAll(quotas, { keys, now });
      const states = statesOf(keys, rows);
      const exhausted = listExhausted(quotas, states);
      if (exhausted.length > 0) return { exhausted };
      const counted = quotas.map(({ key }, index) => ({ name: key, key: keys[index] ?? "", slot: states[index]?.slot ?? 0 }));
      return { giveBack: async (only) => giveBacks.add(counted.filter(({ name }) => only?.has(name) ?? true)) };
    },
    async forget(keys) {
      await database.$sql`delete from ${database.$tables.rateLimits} where key = any(${arrayOf(keys.map(hashKey))}::text::uuid[])`;
    },
    close: giveBacks.close,
  };
}

function statesOf(keys: readonly string[], rows: readonly ReservedRow[]): QuotaState[] {
  const byKey = new Map(rows.map((row) => [row.key, row]));
  return keys.map((key) => {
    const row = byKey.get(key);
    if (row === undefined) throw new Error("The database has not answered for a quota.");
    return { slot: row.slot, freeAt: row.free_at, isExhausted: row.is_exhausted, isFirst: row.is_first };
  });
}

const keysOf = (calls: readonly CountedCall[]) => arrayOf(calls.map(({ key }) => key));
const slotsOf = (calls: readonly CountedCall[]) => arrayOf(calls.map(({ slot }) => slot));

/** As PostgreSQL writes arrays. Only for what needs no quotes: hashes, numbers, instants. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(",")}}`;
}
