import type { Database } from "../../database/database.ts";
import { createFallbackStore, type StoreChange } from "./fallback-store.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";
import { createPostgresStore } from "./postgres-store.ts";
import type { LimitStore } from "./rate-limits.ts";
import { rememberRefusals } from "./remember-refusals.ts";

/** Where calls are counted. */
export interface LimitStores {
  /** The fields that guesses may be made with: for all processes together. */
  readonly careful: LimitStore;
  /** All others: no query in the path of every request. */
  readonly common: Pick<MemoryStore, "count"> | LimitStore;
  /** Waits until everything that was given back is there. */
  close(): Promise<void>;
}

export interface LimitStoreOptions {
  readonly redisUrl: string | undefined;
  /** What answers later than this counts as away; as `createRedisStore` has it unless given. */
  readonly redisDeadlineMilliseconds?: number | undefined;
  readonly onStoreChange: (change: StoreChange) => void;
}

/** Redis for everything where there is one, whose client is loaded only then; else PostgreSQL for what needs care, and memory for the rest. */
export async function openLimitStores(database: Database, options: LimitStoreOptions): Promise<LimitStores> {
  const { redisUrl, redisDeadlineMilliseconds, onStoreChange } = options;
  const memory = createMemoryStore();
  if (redisUrl === undefined) {
    const store = createPostgresStore(database);
    return { careful: rememberRefusals(store), common: { count: memory.count }, close: store.close };
  }
  const { createRedisStore } = await import("./redis-store.ts");
  const store = createFallbackStore({ redis: createRedisStore(redisUrl, redisDeadlineMilliseconds), memory, onChange: onStoreChange });
  return { careful: store, common: store, close: async () => store.close() };
}
