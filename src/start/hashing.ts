import { availableParallelism } from "node:os";
import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { type AskingAddress, createHashingQueue } from "../auth/passwords/hashing-queue.ts";
import { loadPasswordEngine, type PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { PasswordParts } from "../auth/passwords/passwords.ts";
import type { HashingConfig } from "../config/config.ts";

export interface HashingOptions {
  /** Absent: the best that loads here. */
  readonly engine?: PasswordEngine | undefined;
  /** Told of who is refused. */
  readonly logger?: Logger;
}

/** One for the whole process: it is the cores that are shared out. */
export async function createHashing(config: HashingConfig, { engine, logger }: HashingOptions = {}): Promise<PasswordParts> {
  const options = {
    concurrency: concurrencyOf(config),
    capacity: config.queueCapacity,
    ...(logger && { onRefusal: logOncePerAddress(logger) }),
  };
  const queue = createHashingQueue(options);
  return { engine: engine ?? (await loadPasswordEngine(config.parameters)), queue };
}

const LOGGED_MILLISECONDS = 60_000;
const MAXIMUM_ADDRESSES = 1000;

/** Once a minute for whoever is refused, of whom it remembers so many. */
function logOncePerAddress(logger: Logger): (address: AskingAddress) => void {
  const logged = new LRUCache<string, true>({ max: MAXIMUM_ADDRESSES, ttl: LOGGED_MILLISECONDS });
  return (address) => {
    const key = address ?? "";
    if (logged.has(key)) return;
    logged.set(key, true);
    logger.info({ caller: address }, "passwords are not hashed: too many wait already (TOO_BUSY)");
  };
}

/** One a core, as far as there are threads, of which one stays free: files and DNS must not wait behind passwords. */
function concurrencyOf({ concurrency = availableParallelism(), threads }: HashingConfig): number {
  return Math.max(1, Math.min(concurrency, threads - 1));
}
