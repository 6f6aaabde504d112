import { randomBytes } from "node:crypto";
import { v7 } from "uuid";

export interface Random {
  /** Bytes of a cryptographically secure generator. */
  bytes(count: number): Buffer;
  /** A UUIDv7 (RFC 9562): sorts by time, which keeps primary-key indexes dense. */
  id(now: Date): string;
}

export const secureRandom: Random = {
  bytes: (count) => randomBytes(count),
  id: (now) => v7({ msecs: now.getTime(), random: randomBytes(16) }),
};
