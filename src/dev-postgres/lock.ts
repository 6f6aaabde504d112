import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EmbeddedPostgresError } from "./error.ts";
import { hasCode, identifyProcess, isProcessRunning } from "./process.ts";

const patienceMilliseconds = 120_000;
const pollMilliseconds = 25;

/** Runs `work` while no other process that asks for the same lock file runs its own. A lock whose process has died is taken over. */
export async function withLockFile<Result>(path: string, work: () => Promise<Result>): Promise<Result> {
  await acquire(path);
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

async function acquire(path: string): Promise<void> {
  const deadline = Date.now() + patienceMilliseconds;
  while (Date.now() < deadline) {
    const present = readIfExists(path);
    if (present === undefined) {
      if (createExclusively(path)) return;
    } else if (isAbandoned(present)) removeAbandoned(path, present);
    else await sleep(pollMilliseconds);
  }
  throw new EmbeddedPostgresError(`${path} has been held for two minutes. If no gateway is starting, delete it.`);
}

/** Its first word is the process that holds it. */
function isAbandoned(content: string): boolean {
  return !isProcessRunning(content.split(" ")[0] ?? "");
}

/**
 * Two processes may find the same dead lock; the slower must not delete the lock that the faster has made meanwhile. So the right to delete
 * a given lock is a lock as well, and whoever has it looks again.
 */
function removeAbandoned(path: string, content: string): void {
  const claim = `${path}.${content.split(" ")[1] ?? "claim"}`;
  if (createExclusively(claim)) {
    if (readIfExists(path) === content) unlinkSync(path);
    unlinkSync(claim);
    return;
  }
  const other = readIfExists(claim);
  if (other !== undefined && isAbandoned(other)) removeAbandoned(claim, other);
}

/** Written under another name first: a process that is killed between creating and writing would leave a lock that names nobody. */
function createExclusively(path: string): boolean {
  // The second word makes each lock unlike every other, also of the same process.
  const id = randomUUID();
  const draft = `${path}.draft-${id}`;
  try {
    writeFileSync(draft, `${identifyProcess(process.pid)} ${id}`, { flag: "wx", mode: 0o600 });
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error;
    throw new EmbeddedPostgresError(
      `${dirname(path)}, where the embedded PostgreSQL keeps its data, may not be written to. Open it to this account, ` +
        "or set DATABASE_URL.",
      {
        cause: error,
      },
    );
  } finally {
    rmSync(draft, { force: true });
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
