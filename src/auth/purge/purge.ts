import { NIL as FIRST_ID } from "uuid";
import { addSeconds, type Clock } from "../../core/clock.ts";
import { firstIdAt } from "../../core/first-id-at.ts";
import type { Database } from "../../database/database.ts";
import {
  deleteAuditEvents,
  deleteEndedRateLimits,
  deleteEndedSessions,
  deleteExpiredOneTimeTokens,
  deleteExpiredReservations,
  deleteExpiredRevocations,
  deleteOldDevices,
  deleteOldMessages,
  deleteOldNotices,
  purgeAlone,
} from "./purge-store.ts";

/** How many rows went. Retired signing keys go with the keys' own maintenance. */
export interface Purged {
  readonly sessions: number;
  readonly revocations: number;
  readonly auditEvents: number;
  readonly rateLimits: number;
  /** Of the outbox. */
  readonly messages: number;
  readonly oneTimeTokens: number;
  /** Of addresses that accounts could go back to. */
  readonly reservations: number;
  readonly knownDevices: number;
  /** Counts of what users were told. */
  readonly recentNotices: number;
}

/**
 * Deletes what nobody can ask for any more, in small batches; safe in any number of processes, of which one at a time does the
 * work. The signal stops it after the batch that is under way.
 */
export type Purge = (signal?: AbortSignal) => Promise<Purged>;

export interface PurgeOptions {
  readonly auditRetentionSeconds: number;
}

/** Until then a client that comes back is told why its session ended. */
const ENDED_SESSION_RETENTION_SECONDS = 30 * 86_400;
/** From then on a sign-in from there is something new again. */
const DEVICE_RETENTION_SECONDS = 400 * 86_400;
/** Until then an operator can see what became of a message. */
const MESSAGE_RETENTION_SECONDS = 7 * 86_400;
/** Far longer than notices are counted for. */
const NOTICE_RETENTION_SECONDS = 86_400;
/** Small, so that nobody waits long for a lock on one of its rows. */
const ROWS_PER_BATCH = 1000;
/** What is left is for the next time: with several processes the work moves on, and shutting down is never far away. */
const BATCHES_PER_RUN = 2000;
/** Of looking, not of deleting: most sessions that the walk passes are alive. */
const BATCHES_PER_WALK = 200;
/** A process whose clock is ahead must not forget for those whose clock is right. */
export const PURGE_MARGIN_SECONDS = 3600;

export function createPurge({ database, clock }: { database: Database; clock: Clock }, options: PurgeOptions): Purge {
  /** Where the walk over the sessions goes on. */
  let after: string = FIRST_ID;

  /** Batch after batch, until one is not full or another process is at it. */
  async function purgeInBatches(deleteBatch: Parameters<typeof purgeAlone<number>>[1], signal: AbortSignal | undefined): Promise<number> {
    let total = 0;
    for (let batch = 0; batch < BATCHES_PER_RUN && signal?.aborted !== true; batch += 1) {
      const deleted = await purgeAlone(database, deleteBatch);
      total += deleted ?? 0;
      if (deleted === undefined || deleted < ROWS_PER_BATCH) break;
    }
    return total;
  }

  async function purgeSessions(signal: AbortSignal | undefined): Promise<number> {
    const endedBefore = addSeconds(clock(), -ENDED_SESSION_RETENTION_SECONDS);
    let total = 0;
    for (let batch = 0; batch < BATCHES_PER_WALK && signal?.aborted !== true; batch += 1) {
      const walk = await purgeAlone(database, (tx) => deleteEndedSessions(tx, { after, endedBefore, limit: ROWS_PER_BATCH }));
      if (walk === undefined) break;
      total += walk.deleted;
      after = walk.last ?? FIRST_ID;
      if (walk.last === undefined) break;
    }
    return total;
  }

  return async (signal) => {
    const now = clock();
    const oldestKept = firstIdAt(addSeconds(now, -options.auditRetentionSeconds));
    return {
      sessions: await purgeSessions(signal),
      revocations: await purgeInBatches(
        (tx) => deleteExpiredRevocations(tx, addSeconds(now, -PURGE_MARGIN_SECONDS), ROWS_PER_BATCH),
        signal,
      ),
      auditEvents: await purgeInBatches((tx) => deleteAuditEvents(tx, oldestKept, ROWS_PER_BATCH), signal),
      oneTimeTokens: await purgeInBatches(
        (tx) => deleteExpiredOneTimeTokens(tx, addSeconds(now, -PURGE_MARGIN_SECONDS), ROWS_PER_BATCH),
        signal,
      ),
      reservations: await purgeInBatches(
        (tx) => deleteExpiredReservations(tx, addSeconds(now, -PURGE_MARGIN_SECONDS), ROWS_PER_BATCH),
        signal,
      ),
      rateLimits: await purgeInBatches((tx) => deleteEndedRateLimits(tx, now, ROWS_PER_BATCH), signal),
      knownDevices: await purgeInBatches((tx) => deleteOldDevices(tx, addSeconds(now, -DEVICE_RETENTION_SECONDS), ROWS_PER_BATCH), signal),
      recentNotices: await purgeInBatches((tx) => deleteOldNotices(tx, addSeconds(now, -NOTICE_RETENTION_SECONDS), ROWS_PER_BATCH), signal),
      messages: await purgeInBatches((tx) => deleteOldMessages(tx, addSeconds(now, -MESSAGE_RETENTION_SECONDS), ROWS_PER_BATCH), signal),
    };
  };
}
