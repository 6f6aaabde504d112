import { availableParallelism } from "node:os";
import { createHashingQueue } from "../auth/passwords/hashing-queue.ts";
import { loadPasswordEngine, type PasswordEngine } from "../auth/passwords/password-engine.ts";
import type { PasswordParts } from "../auth/passwords/passwords.ts";
import type { HashingConfig } from "../config/config.ts";

/** One for the whole process: it is the cores that are shared out. */
export async function createHashing(config: HashingConfig, engine?: PasswordEngine): Promise<PasswordParts> {
  const queue = createHashingQueue({ concurrency: concurrencyOf(config), capacity: config.queueCapacity });
  return { engine: engine ?? (await loadPasswordEngine(config.parameters)), queue };
}

/** One a core, as far as there are threads, of which one stays free: files and DNS must not wait behind passwords. */
function concurrencyOf({ concurrency = availableParallelism(), threads }: HashingConfig): number {
  return Math.max(1, Math.min(concurrency, threads - 1));
}
