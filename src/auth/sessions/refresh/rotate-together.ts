import type { Database } from "../../../database/database.ts";
import { isDatabaseUnavailable } from "../../../database/unavailable.ts";
import type { SessionOfAccount } from "../session-row-store.ts";
import { rotateSessions } from "./rotation-batch-store.ts";
import { type Rotation, rotateSession } from "./rotation-store.ts";

/** A longer statement would only be answered later. */
const MAXIMUM_BATCH = 100;

/** Rotates a session, or finds that the token is not its current one. */
export type Rotate = (rotation: Rotation) => Promise<SessionOfAccount | undefined>;

interface Waiting {
  readonly rotation: Rotation;
  resolve(result: SessionOfAccount | undefined | Promise<SessionOfAccount | undefined>): void;
  reject(error: unknown): void;
}

/**
 * Rotations that arrive in one turn of the event loop share a statement; a single one has its own, and so has whatever a batch has not
 * judged. None waits for more to come.
 */
export function createRotate(database: Database): Rotate {
  let waiting: Waiting[] = [];

  const sendAlone = ({ rotation, resolve }: Waiting) => resolve(rotateSession(database, rotation));

  function send(): void {
    const { batch, rest } = separate(waiting);
    waiting = [];
    rest.forEach(sendAlone);
    for (let start = 0; start < batch.length; start += MAXIMUM_BATCH) void sendTogether(batch.slice(start, start + MAXIMUM_BATCH));
  }

  async function sendTogether(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 1) return batch.forEach(sendAlone);
    try {
      // Each is at a node of its own there.
      if (await database.$isSpread()) return batch.forEach(sendAlone);
      const results = await rotateSessions(
        database,
        batch.map(({ rotation }) => rotation),
      );
      for (const [index, waiter] of batch.entries()) {
        const result = results[index];
        if (result?.kind === "judged") waiter.resolve(result.rotated);
        else sendAlone(waiter);
      }
    } catch (error) {
      // One that cannot be written must not fail the others; where the database is away, asking once more would only take longer.
      if (isDatabaseUnavailable(error)) for (const { reject } of batch) reject(error);
      else batch.forEach(sendAlone);
    }
  }

  return (rotation) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(send);
      waiting.push({ rotation, resolve, reject });
    });
}

/** One rotation of each session, and what else was asked of the same ones. */
function separate(waiting: readonly Waiting[]): { batch: Waiting[]; rest: Waiting[] } {
  const sessions = new Set<string>();
  const batch: Waiting[] = [];
  const rest: Waiting[] = [];
  for (const waiter of waiting) {
    const { sessionId } = waiter.rotation;
    (sessions.has(sessionId) ? rest : batch).push(waiter);
    sessions.add(sessionId);
  }
  return { batch, rest };
}
