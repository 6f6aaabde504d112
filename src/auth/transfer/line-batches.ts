import type { BadLine } from "./bad-line.ts";
import type { Claim } from "./claims.ts";
import { readLines } from "./read-lines.ts";
import { type LineRules, readUserLine, type UserLine } from "./user-line.ts";

/** Lines that are dealt with together. */
export interface LineBatch {
  readonly users: readonly ClaimedUser[];
  /** Those that are bad by themselves. */
  readonly bad: readonly BadLine[];
  /** The number of its last line. */
  readonly lastLine: number;
  readonly isEnd: boolean;
}

export interface ClaimedUser extends Claim {
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
  let [users, bad]: [ClaimedUser[], BadLine[]] = [[], []];
  let lastLine = 0;
  let size = 0;
  for await (const lines of readLines(chunks)) {
    for (const { number, text, problem } of lines) {
      lastLine = number;
      size += 1;
      const { user, problems } = problem === undefined ? readText(text, rules) : { problems: [{ field: null, reason: problem }] };
      if (user !== undefined) users.push({ line: number, id: user.id, emailKey: user.email.key, user });
      if (problems !== undefined) bad.push({ line: number, problems });
      if (size < LINES_PER_BATCH && number !== rules.stoppedAfter) continue;
      yield { users, bad, lastLine, isEnd: false };
      [users, bad, size] = [[], [], 0];
    }
  }
  yield { users, bad, lastLine, isEnd: true };
}

function readText(text: string, rules: BatchRules): Partial<ReturnType<typeof readUserLine>> {
  return text.trim() === "" ? {} : readUserLine(text, { ...rules, now: rules.now() });
}
