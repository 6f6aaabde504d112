import type { Database } from "../../database/database.ts";
import { hashKey } from "./key-hash.ts";
import { type Claim, type LimitStore, listExhausted } from "./rate-limits.ts";

interface ReservedRow {
  readonly key: string;
  /** In milliseconds since 1970. */
  readonly ends_at: number;
  readonly is_exhausted: boolean;
  readonly is_first: boolean;
}

/** Counts in the table `rate_limits`, for all processes: one statement for all claims of a call, by the functions of the migration. */
export function createPostgresStore(database: Database): LimitStore {
  async function giveBack(keys: readonly string[], windows: readonly string[]): Promise<void> {
    await database.$client`
      select give_back_calls(${arrayOf(keys)}::text::uuid[], ${arrayOf(windows)}::text::timestamptz[])`;
  }

  return {
    async reserve(claims, now) {
      const keys = claims.map(({ key }) => hashKey(key));
      const rows = await database.$client<ReservedRow[]>`
        select key, (extract(epoch from ends_at) * 1000)::float8 as ends_at, is_exhausted, is_first from reserve_calls(
          ${arrayOf(keys)}::text::uuid[], ${arrayOf(claims.map(({ limit }) => limit.max))}::text::integer[],
          ${arrayOf(claims.map(({ limit }) => limit.windowSeconds))}::text::integer[], ${new Date(now).toISOString()}::timestamptz)`;
      const byKey = new Map(rows.map((row) => [row.key, row]));
      const exhausted = listExhausted(claims, statesOf(claims, keys, byKey));
      if (exhausted.length > 0) return { exhausted };
      const windows = keys.map((key) => new Date(byKey.get(key)?.ends_at ?? 0).toISOString());
      return { giveBack: () => giveBack(keys, windows) };
    },
  };
}

function statesOf(claims: readonly Claim[], keys: readonly string[], byKey: ReadonlyMap<string, ReservedRow>) {
  return claims.map((_claim, index) => {
    const row = byKey.get(keys[index] ?? "");
    if (row === undefined) throw new Error("A claim has got no answer.");
    return { endsAt: row.ends_at, isExhausted: row.is_exhausted, isFirst: row.is_first };
  });
}

/** As PostgreSQL writes arrays. Only for what needs no quotes: hashes, numbers, instants. */
function arrayOf(values: readonly (string | number)[]): string {
  return `{${values.join(",")}}`;
}
