import type { Database } from "../../database/database.ts";
import { hashKey } from "./key-hash.ts";
import { type CountedCall, createPostponedGiveBacks } from "./postponed-give-backs.ts";
import { type Claim, type LimitStore, listExhausted } from "./rate-limits.ts";

interface ReservedRow {
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly ends_at: number;
  readonly is_exhausted: boolean;
  readonly is_first: boolean;
}

/** Counts in the table `rate_limits`, for all processes: one statement for all claims of a call, by the functions of the migrations. */
export interface PostgresStore extends LimitStore {
  /** Waits until everything that was given back is there. */
  close(): Promise<void>;
}

/** What is given back goes with the next reservation, or alone a little later: a login is spared the round trip. */
export function createPostgresStore(database: Database): PostgresStore {
  const giveBacks = createPostponedGiveBacks(
    (calls) => database.$client`
      select ${database.$functions.giveBackCalls}(${keysOf(calls)}::text::uuid[], ${endsOf(calls)}::text::timestamptz[])`,
  );

  function reserveAll(claims: readonly Claim[], { keys, now }: { keys: readonly string[]; now: number }): Promise<ReservedRow[]> {
    return giveBacks.takeAlong(
      keys,
      async (calls) => database.$client<ReservedRow[]>`
        select key, (extract(epoch from ends_at) * 1000)::float8 as ends_at, is_exhausted, is_first from ${database.$functions.giveBackAndReserveCalls}(
          ${keysOf(calls)}::text::uuid[], ${endsOf(calls)}::text::timestamptz[],
          ${arrayOf(keys)}::text::uuid[], ${arrayOf(claims.map(({ limit }) => limit.max))}::text::integer[],
          ${arrayOf(claims.map(({ limit }) => limit.windowSeconds))}::text::integer[], ${new Date(now).toISOString()}::timestamptz)`,
    );
  }

  return {
    async reserve(claims, now) {
      const keys = claims.map(({ key }) => hashKey(key));
      const rows = await reserveAll(claims, { keys, now });
      const byKey = new Map(rows.map((row) => [row.key, row]));
      const exhausted = listExhausted(claims, statesOf(claims, keys, byKey));
      if (exhausted.length > 0) return { exhausted };
      const counted = keys.map((key) => ({ key, endsAt: new Date(byKey.get(key)?.ends_at ?? 0).toISOString() }));
      return { giveBack: async () => giveBacks.add(counted) };
    },
    close: giveBacks.close,
  };
}

function statesOf(claims: readonly Claim[], keys: readonly string[], byKey: ReadonlyMap<string, ReservedRow>) {
  return claims.map((_claim, index) => {
    const row = byKey.get(keys[index] ?? "");
    if (row === undefined) throw new Error("A claim has got no answer.");
    return { endsAt: row.ends_at, isExhausted: row.is_exhausted, isFirst: row.is_first };
  });
}

const keysOf = (calls: readonly CountedCall[]) => arrayOf(calls.map(({ key }) => key));
const endsOf = (calls: readonly CountedCall[]) => arrayOf(calls.map(({ endsAt }) => endsAt));

/** As PostgreSQL writes arrays. Only for what needs no quotes: hashes, numbers, instants. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(",")}}`;
}
