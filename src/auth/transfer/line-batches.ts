import type { BadLine } from "./bad-line.ts";
import type { ImportLine } from "./import-lines.ts";
import { readLines } from "./read-lines.ts";
import { type LineRules, readUserLine, type UserLine } from "./user-line.ts";

/** Lines that are dealt with together. */
export interface LineBatch {
  readonly good: readonly GoodLine[];
  /** Those that are bad by themselves. */
  readonly bad: readonly BadLine[];
  /** The number of its last line. */
  readonly lastLine: number;
  readonly isEnd: boolean;
}

/** A line that is good by itself, and its user. */
export interface GoodLine extends ImportLine {
  readonly user: UserLine;
}

export interface BatchRules extends Omit<LineRules, "now"> {
  now(): Date;
  /** Where an earlier import of the file stopped: no batch is on both sides of it. */
  readonly stoppedAfter: number;
}

const LINES_PER_BATCH = 1000;

/** All lines of a file; the last batch may be empty. Blank lines only count. */
export async function* readBatches(chunks: AsyncIterable<Buffer>, rules: BatchRules): AsyncGenerator<LineBatch> {
  let [good, bad]: [GoodLine[], BadLine[]] = [[], []];
  let lastLine = 0;
  let size = 0;
  for await (const lines of readLines(chunks)) {
    for (const { number, text, problem } of lines) {
      lastLine = number;
      size += 1;
      const { user, problems } = problem === undefined ? readText(text, rules) : { problems: [{ field: null, reason: problem }] };
      if (user !== undefined) good.push({ number, id: user.id, emailKey: user.email.key, user });
      if (problems !== undefined) bad.push({ line: number, problems });
      if (size < LINES_PER_BATCH && number !== rules.stoppedAfter) continue;
      yield { good, bad, lastLine, isEnd: false };
      [good, bad, size] = [[], [], 0];
    }
  }
  yield { good, bad, lastLine, isEnd: true };
}

function readText(text: string, rules: BatchRules): Partial<ReturnType<typeof readUserLine>> {
  return text.trim() === "" ? {} : readUserLine(text, { ...rules, now: rules.now() });
}
