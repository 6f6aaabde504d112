import type { Database } from "../../database/database.ts";
import { createFallbackStore, type StoreChange } from "./fallback-store.ts";
import { createMemoryStore, type MemoryStore } from "./memory-store.ts";
import { createPostgresStore } from "./postgres-store.ts";
import type { LimitStore } from "./rate-limits.ts";
import { rememberRefusals } from "./remember-refusals.ts";

/** Where calls are counted. */
export interface LimitStores {
  /** For fields that guesses may be made with: counts for all processes together. */
  readonly shared: LimitStore;
  /** For all other fields: counts in this process, so that no query is in the path of every request; in Redis where there is one. */
  readonly local: Pick<MemoryStore, "count"> | LimitStore;
  /** Waits until everything that was given back is there. */
  close(): Promise<void>;
}

export interface LimitStoreOptions {
  readonly redisUrl: string | undefined;
  /** What answers later than this counts as away; as `createRedisStore` has it unless given. */
  readonly redisDeadlineMilliseconds?: number | undefined;
  readonly onStoreChange: (change: StoreChange) => void;
}

/** Both are Redis where there is one, whose client is loaded only then; else PostgreSQL is shared, and memory is local. */
export async function openLimitStores(database: Database, options: LimitStoreOptions): Promise<LimitStores> {
  const { redisUrl, redisDeadlineMilliseconds, onStoreChange } = options;
  const memory = createMemoryStore();
  if (redisUrl === undefined) {
    const store = createPostgresStore(database);
    return { shared: rememberRefusals(store), local: { count: memory.count }, close: store.close };
  }
  const { createRedisStore } = await import("./redis-store.ts");
  const store = createFallbackStore({ redis: createRedisStore(redisUrl, redisDeadlineMilliseconds), memory, onChange: onStoreChange });
  return { shared: store, local: store, close: async () => store.close() };
}
