import { withDeadline } from "../../core/deadline.ts";
import type { Database } from "../../database/database.ts";
import { createPostgresStore } from "./postgres-store.ts";
import type { LimitStore } from "./rate-limits.ts";

/** Somebody waits for it at a terminal. */
const PATIENCE_MILLISECONDS = 5000;

/** What running servers have counted together, for somebody who serves nobody. */
export interface OperatorCounts extends Pick<LimitStore, "forget"> {
  close(): Promise<void>;
}

/** Rejects where Redis is out of reach: what was counted there would stay, and nothing would say so. */
export async function openOperatorCounts(database: Database, redisUrl: string | undefined): Promise<OperatorCounts> {
  if (redisUrl === undefined) return createPostgresStore(database);
  const { createRedisStore } = await import("./redis-store.ts");
  const redis = createRedisStore(redisUrl);
  try {
    await withDeadline(redis.connected, PATIENCE_MILLISECONDS);
  } catch (error) {
    redis.close();
    throw error;
  }
  return { forget: redis.forget, close: async () => redis.close() };
}
