import type { Clock } from "../../core/clock.ts";
import type { Database, Transaction } from "../../database/database.ts";
import { addSeenLines, findSeenLines, withSeenLines } from "./check-store.ts";
import { separateRepeated, soughtBy } from "./import-lines.ts";
import { findImport } from "./import-store.ts";
import type { ImportOptions, UserFile } from "./import-users.ts";
import { type LineBatch, readBatches } from "./line-batches.ts";
import { judgeAll, judgeRepeated, reviewBatch, type Settled, settle } from "./settle-lines.ts";
import { createTally, type Tally, type Watch } from "./tally.ts";

/** Judges every line of a file as an import now would, and changes nothing; `imported` are those that could be. */
export type CheckUsers = (file: UserFile, watch: Watch) => Promise<Tally>;

export function createCheckUsers({ database, clock }: { database: Database; clock: Clock }, options: ImportOptions): CheckUsers {
  return async (file, watch) => {
    const before = await findImport(database, file.hash);
    const stoppedAfter = before?.lastLine ?? 0;
    const tally = createTally(watch);
    await withSeenLines(database, async (tx) => {
      for await (const batch of readBatches(file.chunks, { ...options, now: clock, stoppedAfter })) {
        const at = { fileHash: file.hash, now: clock() };
        tally.add(batch, await (batch.lastLine <= stoppedAfter ? reviewBatch : checkBatch)(tx, batch, at));
      }
    });
    return tally.current();
  };
}

async function checkBatch(tx: Transaction, { good }: LineBatch, at: { fileHash: string; now: Date }): Promise<Settled> {
  if (good.length === 0) return settle([], 0);
  const { first, repeated } = separateRepeated(good);
  const more = await findSeenLines(tx, soughtBy(first), at.fileHash);
  const judged = await judgeAll(tx, first, { ...at, more });
  const free = judged.filter(({ verdict }) => verdict === "free");
  await addSeenLines(
    tx,
    free.map(({ line }) => line),
  );
  const others = judged.filter(({ verdict }) => verdict !== "free");
  return settle([...others, ...judgeRepeated(repeated, at.fileHash)], free.length);
}
