import type { BadLine } from "./bad-line.ts";
import type { LineBatch } from "./line-batches.ts";
import type { Settled } from "./settle-lines.ts";

export interface Tally {
  readonly lines: number;
  /** Now, not by an earlier run. */
  readonly imported: number;
  /** The same account was there before, also by an earlier run. */
  readonly present: number;
  readonly bad: number;
}

/** Who is told how it goes, after each batch. */
export interface Watch {
  badLine(bad: BadLine): void;
  progress(tally: Tally): void;
}

export function createTally(watch: Watch) {
  let tally: Tally = { lines: 0, imported: 0, present: 0, bad: 0 };
  return {
    current: () => tally,
    add(batch: LineBatch, settled: Settled): void {
      const bad = [...batch.bad, ...settled.bad].toSorted((one, other) => one.line - other.line);
      tally = {
        lines: batch.lastLine,
        imported: tally.imported + settled.imported,
        present: tally.present + settled.present,
        bad: tally.bad + bad.length,
      };
      bad.forEach(watch.badLine);
      watch.progress(tally);
    },
  };
}
