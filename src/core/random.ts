import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

export interface Random {
  /** Bytes of a cryptographically secure generator. */
  bytes(count: number): Buffer;
  /** A UUIDv7 (RFC 9562): sorts by time, within one millisecond by the order of the calls; keeps primary-key indexes dense. */
  id(now: Date): string;
}

/** A call of the generator costs as much for 16 bytes as for thousands, so it is asked for many at a time. */
const POOL_BYTES = 4096;
const UUID_BYTES = 16;

export function createSecureRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  let last = { milliseconds: 0, sequence: 0 };

  function bytes(count: number): Buffer {
    if (count > POOL_BYTES) return randomFillSync(Buffer.alloc(count));
    if (used + count > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const taken = Buffer.from(pool.subarray(used, used + count));
    // Bytes that were handed out must not be read from here a second time.
    pool.fill(0, used, used + count);
    used += count;
    return taken;
  }

  function id(now: Date): string {
    const random = bytes(UUID_BYTES);
    const milliseconds = now.getTime();
    // RFC 9562, section 6.2, method 1: a counter with a random start, which leaves room above it; 42 random bits follow.
    const sequence = milliseconds === last.milliseconds ? last.sequence + 1 : random.readUInt32BE(6) >>> 1;
    last = { milliseconds, sequence };
    return v7({ msecs: milliseconds, seq: sequence, random });
  }

  return { bytes, id };
}
