import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

export interface Random {
  /** Bytes of a cryptographically secure generator. */
  bytes(count: number): Buffer;
  /** A UUIDv7 (RFC 9562): sorts by time, which keeps primary-key indexes dense. */
  id(now: Date): string;
}

/** A call of the generator costs as much for 16 bytes as for thousands, so it is asked for many at a time. */
const POOL_BYTES = 4096;
const UUID_BYTES = 16;

export function createSecureRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;

  function bytes(count: number): Buffer {
    if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count));
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const taken = Buffer.from(pool.subarray(used, used + count));
    // What was handed out must not be read from here a second time.
    pool.fill(0, used, used + count);
    used += count;
    return taken;
  }

  return { bytes, id: (now) => v7({ msecs: now.getTime(), random: bytes(UUID_BYTES) }) };
}
