import { createClient } from "@redis/client";
import { createMemoryStore } from "../../../src/auth/limits/memory-store.ts";
import { createPostgresStore } from "../../../src/auth/limits/postgres-store.ts";
import type { LimitStore } from "../../../src/auth/limits/rate-limits.ts";
import { createRedisStore, type RedisStore } from "../../../src/auth/limits/redis-store.ts";
import { openDatabase } from "../../../src/database/open-database.ts";
import { createTestDatabase } from "../database.ts";
import { SCHEMA } from "../raw-client.ts";
import { until } from "../until.ts";
import { hasRedis, startTestRedis } from "./redis.ts";

export interface LimitStoreSubject {
  /** Two processes' views of one place, where it can be shared. */
  readonly stores: readonly [LimitStore, LimitStore];
  /** Waits until what was given back can be seen from everywhere. */
  settle(): Promise<void>;
  /** Everything that is kept, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

/** Title, how to open it, and whether it can be tried here. */
export const limitStoreSubjects = [
  ["memory", openMemory, true],
  ["PostgreSQL", openPostgres, true],
  ["Redis", openRedis, hasRedis],
] as const;

const nothing = async () => undefined;

async function openMemory(): Promise<LimitStoreSubject> {
  const store = createMemoryStore();
  return { stores: [store, store], settle: nothing, dump: async () => "", close: nothing };
}

async function openPostgres(): Promise<LimitStoreSubject> {
  const database = await createTestDatabase();
  const pools = [
    openDatabase({ url: database.url, schema: SCHEMA, poolSize: 10 }),
    openDatabase({ url: database.url, schema: SCHEMA, poolSize: 10 }),
  ] as const;
  const stores = [createPostgresStore(pools[0].database), createPostgresStore(pools[1].database)] as const;
  return {
    stores,
    // A store that was told to close gives back at once, and goes on counting.
    settle: async () => void (await Promise.all(stores.map((store) => store.close()))),
    dump: async () => JSON.stringify(await database.sql`select * from rate_limits`),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
      await database.drop();
    },
  };
}

async function openRedis(): Promise<LimitStoreSubject> {
  const redis = await startTestRedis();
  const stores = [createRedisStore(redis.url), createRedisStore(redis.url)] as const;
  const answers = (store: RedisStore) =>
    store
      .probe()
      .then(() => true)
      .catch(() => false);
  for (const store of stores) await until(() => answers(store), 5000);
  return {
    stores,
    settle: nothing,
    dump: async () => {
      const client = await createClient({ url: redis.url }).connect();
      const keys = await client.keys("*");
      client.destroy();
      return keys.join();
    },
    close: async () => {
      for (const store of stores) store.close();
      await redis.kill();
    },
  };
}
