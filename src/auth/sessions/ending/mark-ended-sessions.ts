import { noClient } from "../../../core/client-info.ts";
import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { Database } from "../../../database/database.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import {
  deleteSessionEnd,
  findUnmarkedEnd,
  lockMarking,
  markNextOfEverybody,
  markNextOfUser,
  type UnmarkedEnd,
} from "./mark-sessions-store.ts";

/**
 * Marks the sessions that were ended by one row, batch after batch, each with the audit event that it would have got at once; the number of
 * them. Safe in any number of processes, of which one at a time does the work, and to be killed at any moment: what is done is in the rows.
 * The signal stops it after the batch that is under way.
 */
export type MarkEndedSessions = (signal?: AbortSignal) => Promise<number>;

/** Small, so that nobody waits long for a lock on one of its rows. */
const ROWS_PER_BATCH = 1000;
/** What is left is for the next run: of a user nothing is, who has fewer sessions than that. */
const BATCHES_PER_RUN = 2000;
/** What was under way when everybody was signed out is over by then. */
const SECOND_WALK_SECONDS = 3600;

/** An end of everybody goes after its second walk, one of a user as soon as nothing is left. */
function isDone(end: UnmarkedEnd, isLast: boolean): boolean {
  return isLast && (end.kind === "user" || end.walks > 0);
}

export function createMarkEndedSessions(parts: { database: Database; transact: Transact; clock: Clock }): MarkEndedSessions {
  const { database, transact, clock } = parts;

  /** Undefined where nothing is left to do, or another process is at it. */
  function markBatch(walkedAgain: Date): Promise<number | undefined> {
    return transact(noClient, async ({ tx, record }) => {
      if (!(await lockMarking(tx))) return undefined;
      const end = await findUnmarkedEnd(tx, walkedAgain);
      if (end === undefined) return undefined;
      const batch = end.kind === "user" ? markNextOfUser(tx, end, ROWS_PER_BATCH) : markNextOfEverybody(tx, end, ROWS_PER_BATCH);
      const { marked, isLast } = await batch;
      const about = { type: "SESSION_REVOKED" as const, actorId: end.actorId, detail: { reason: end.endReason } };
      await record(marked.map(({ id, userId }) => ({ ...about, userId, sessionId: id })));
      if (isDone(end, isLast)) await deleteSessionEnd(tx, end);
      return marked.length;
    });
  }

  return async (signal) => {
    const walkedAgain = addSeconds(clock(), -SECOND_WALK_SECONDS);
    let total = 0;
    // Outside a transaction, and usually the only statement: there is nothing to mark.
    if ((await findUnmarkedEnd(database, walkedAgain)) === undefined) return total;
    for (let batch = 0; batch < BATCHES_PER_RUN && signal?.aborted !== true; batch += 1) {
      const marked = await markBatch(walkedAgain);
      if (marked === undefined) break;
      total += marked;
    }
    return total;
  };
}
