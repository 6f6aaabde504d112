import { NIL as FIRST_ID } from "uuid";
import { noClient } from "../../../core/client-info.ts";
import { addSeconds, type Clock } from "../../../core/clock.ts";
import type { Random } from "../../../core/random.ts";
import type { Database } from "../../../database/database.ts";
import type { Transact } from "../../work/unit-of-work.ts";
import {
  type Batch,
  type BegunErasure,
  beginErasure,
  deleteErasedUser,
  type EraseBatch,
  eraseDeedsToOthers,
  eraseOwnEntries,
  eraseSessions,
  findBegunErasures,
  lockErasure,
} from "./erasure-store.ts";

/**
 * Erases the accounts whose time has come, in small batches; safe in any number of processes, and taken up by any of them where one dies.
 * Audit events stay, under a pseudonym of the user and of each session that nobody can trace back, without addresses and whatever else
 * tells of a person. The number of accounts of which nothing is left. The signal stops it after the batch that is under way. An account
 * that cannot be erased holds up no other: the run goes on, and fails at its end.
 */
export type EraseAccounts = (signal?: AbortSignal) => Promise<number>;

export interface EraseAccountsParts {
  readonly database: Database;
  readonly transact: Transact;
  readonly clock: Clock;
  readonly random: Random;
}

/** Nobody waits for a lock on these rows but the purge. */
const ROWS_PER_BATCH = 2000;
const ERASURES_PER_RUN = 1000;
/** A request that found the account just before may still write an audit event of it: the row goes when there can be none any more. */
const LATE_ENTRY_SECONDS = 60;
/** So many at once are no fault of the accounts: the database does not answer. */
const MOST_FAILURES = 10;
const SECRET_BYTES = 32;

const steps: readonly EraseBatch[] = [eraseSessions, eraseOwnEntries, eraseDeedsToOthers];

export function createEraseAccounts(parts: EraseAccountsParts): EraseAccounts {
  const { database, transact, clock, random } = parts;
  const eraseInBatches = createEraseInBatches(database);

  function begin(): Promise<string | undefined> {
    const now = clock();
    const pseudonyms = { ofUser: random.id(now), sessionSecret: random.bytes(SECRET_BYTES) };
    return database.transaction((tx) => beginErasure(tx, pseudonyms, now));
  }

  /** False where something has come after all, or another process is faster. */
  function finish(erasure: BegunErasure): Promise<boolean> {
    return transact(noClient, async ({ tx, record }) => {
      if (!(await lockErasure(tx, erasure.userId))) return false;
      for (const erase of steps) {
        if ((await erase(tx, erasure, { after: FIRST_ID, limit: 1 })).rows > 0) return false;
      }
      await deleteErasedUser(tx, erasure.userId);
      await record({ type: "ACCOUNT_ERASED", userId: erasure.pseudonyms.ofUser, toldAs: erasure.userId });
      return true;
    });
  }

  async function eraseOne(erasure: BegunErasure, signal: AbortSignal | undefined): Promise<boolean> {
    const isWhole = await eraseInBatches(erasure, signal);
    const isLate = addSeconds(erasure.begunAt, LATE_ENTRY_SECONDS) <= clock();
    return isWhole && isLate && (await finish(erasure));
  }

  return async (signal) => {
    for (let begun = 0; begun < ERASURES_PER_RUN && signal?.aborted !== true; begun += 1) {
      if ((await begin()) === undefined) break;
    }
    let erased = 0;
    const failures: unknown[] = [];
    for (const erasure of await findBegunErasures(database, clock(), ERASURES_PER_RUN)) {
      try {
        if (await eraseOne(erasure, signal)) erased += 1;
      } catch (error) {
        failures.push(error);
        if (failures.length === MOST_FAILURES) break;
      }
    }
    if (failures.length > 0) throw failures[0];
    return erased;
  };
}

function createEraseInBatches(database: Database) {
  /** Undefined where another process is at it. */
  function eraseBatch(erase: EraseBatch, erasure: BegunErasure, after: string): Promise<Batch | undefined> {
    return database.transaction(async (tx) => {
      if (!(await lockErasure(tx, erasure.userId))) return undefined;
      return erase(tx, erasure, { after, limit: ROWS_PER_BATCH });
    });
  }

  async function repeat(erase: EraseBatch, erasure: BegunErasure, signal: AbortSignal | undefined): Promise<boolean> {
    for (let after: string = FIRST_ID; signal?.aborted !== true; ) {
      const batch = await eraseBatch(erase, erasure, after);
      if (batch === undefined) return false;
      if (batch.rows < ROWS_PER_BATCH) return true;
      after = batch.last;
    }
    return false;
  }

  /** False where it was stopped, or another process is at it. */
  return async (erasure: BegunErasure, signal: AbortSignal | undefined): Promise<boolean> => {
    for (const erase of steps) {
      if (!(await repeat(erase, erasure, signal))) return false;
    }
    return true;
  };
}
