import { randomUUID } from "node:crypto";
import { readFileSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { hasCode, identifyProcess, isProcessRunning } from "./embedded-postgres-process.ts";

const patienceMilliseconds = 120_000;
const pollMilliseconds = 25;

/** Runs `work` while no other process that asks for the same lock file runs its own. A lock whose process has died is taken over. */
export async function withLockFile<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await acquire(path);
  try {
    return await work();
  } finally {
    unlinkSync(path);
  }
}

async function acquire(path: string): Promise<void> {
  // The second word makes each lock unlike every other, also of the same process.
  const content = `${identifyProcess(process.pid)} ${randomUUID()}`;
  const deadline = Date.now() + patienceMilliseconds;
  while (!createExclusively(path, content)) {
    const present = readIfExists(path);
    if (present !== undefined && isAbandoned(present)) removeAbandoned(path, present);
    else await sleep(pollMilliseconds);
    if (Date.now() > deadline)
      throw new EmbeddedPostgresError(`${path} has been held for two minutes. If no gateway is starting, delete it.`);
  }
}

/** Between creation and writing a lock is empty for an instant: that one is alive. */
function isAbandoned(content: string): boolean {
  const [holder] = content.split(" ");
  return holder !== undefined && holder !== "" && !isProcessRunning(holder);
}

/**
 * Two processes may find the same dead lock; the slower must not delete the lock that the faster has made meanwhile. So the right to delete a
 * given lock is a file as well, and whoever has it looks again.
 */
function removeAbandoned(path: string, content: string): void {
  const claim = `${path}.${content.split(" ")[1] ?? "claim"}`;
  if (!createExclusively(claim, "")) return;
  try {
    if (readIfExists(path) === content) unlinkSync(path);
  } finally {
    unlinkSync(claim);
  }
}

function createExclusively(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error;
    throw new EmbeddedPostgresError(
      `${dirname(path)}, where the embedded PostgreSQL keeps its data, may not be written to. Or set DATABASE_URL.`,
      {
        cause: error,
      },
    );
  }
}

function readIfExists(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}
