import { createClient } from "@redis/client";
import { withDeadline } from "../../core/deadline.ts";
import { hashKey } from "./key-hash.ts";
import { type LimitStore, listExhausted } from "./rate-limits.ts";
import { giveBackScript, type RedisScript, reserveScript } from "./redis-scripts.ts";
import { slotOf, windowMilliseconds } from "./slots.ts";

const DEADLINE_MILLISECONDS = 250;
const RECONNECT_MILLISECONDS = 250;
const KEY_PREFIX = "auth-gateway:limit:";
/** Nobody's, so that a probe writes and takes nothing from any caller. */
const PROBE_KEY = `${KEY_PREFIX}probe`;

/** Counts in one Redis, for all processes. Rejects, and soon, while it is away. */
export interface RedisStore extends LimitStore {
  /** Resolves once the first connection is there. */
  readonly connected: Promise<unknown>;
  /** Resolves where it counts. One that only answers may have no memory left, or be a replica that takes no writes. */
  probe(): Promise<void>;
  close(): void;
}

/** Connects by itself, at once and whenever the connection is lost. What answers later than the deadline counts as away. */
export function createRedisStore(url: string, deadlineMilliseconds = DEADLINE_MILLISECONDS): RedisStore {
  const client = createClient({
    url,
    name: "graphql-auth-gateway",
    // What cannot be asked now is answered from memory, not later.
    disableOfflineQueue: true,
    socket: { connectTimeout: 2000, reconnectStrategy: () => RECONNECT_MILLISECONDS * (0.8 + Math.random() * 0.4) },
  });
  // For whoever asks next. Without a listener the first lost connection would end the process.
  let problem: unknown;
  client.on("error", (error: unknown) => {
    problem = error;
  });
  const connected = client.connect();
  connected.catch(() => undefined);

  async function run({ source, sha1 }: RedisScript, keys: string[], values: readonly (string | number)[]): Promise<unknown> {
    if (!client.isReady) throw problem ?? new Error("Redis has not been reached yet.");
    const options = { keys, arguments: values.map(String) };
    // Redis forgets its scripts when it restarts.
    const attempt = client.evalSha(sha1, options).catch((error: unknown) => {
      if (error instanceof Error && error.message.startsWith("NOSCRIPT")) return client.eval(source, options);
      throw error;
    });
    return withDeadline(attempt, deadlineMilliseconds);
  }

  return {
    connected,
    async reserve(quotas, now) {
      const keys = quotas.map(({ key }) => KEY_PREFIX + hashKey(key));
      const limits = quotas.flatMap(({ limit }) => [limit.max, windowMilliseconds(limit), slotOf(now, limit)]);
      const answer = (await run(reserveScript, keys, [now, ...limits])) as readonly number[];
      const states = quotas.map((_quota, index) => {
        const [slot = 0, freeAt = 0, full, first] = answer.slice(index * 4, index * 4 + 4);
        return { slot, freeAt, isExhausted: full === 1, isFirst: first === 1 };
      });
      const exhausted = listExhausted(quotas, states);
      if (exhausted.length > 0) return { exhausted };
      const counted = quotas.map(({ key }, index) => ({ key, held: keys[index] ?? "", slot: states[index]?.slot ?? 0 }));
      return {
        async giveBack(only) {
          const given = counted.filter(({ key }) => only?.has(key) ?? true);
          const [held, slots] = [given.map((call) => call.held), given.map(({ slot }) => slot)];
          if (given.length > 0) await run(giveBackScript, held, slots);
        },
      };
    },
    async forget(keys) {
      if (!client.isReady) throw problem ?? new Error("Redis has not been reached yet.");
      await withDeadline(client.del(keys.map((key) => KEY_PREFIX + hashKey(key))), deadlineMilliseconds);
    },
    probe: async () => void (await run(reserveScript, [PROBE_KEY], [1, Number.MAX_SAFE_INTEGER, 1, 1])),
    close() {
      if (client.isOpen) client.destroy();
    },
  };
}
