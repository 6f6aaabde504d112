import type { Database, Transaction } from "../../database/database.ts";
import { findReserved } from "../users/email-address-store.ts";
import type { BadLine } from "./bad-line.ts";
import { heldBy, type ImportLine, judgeLines, separateRepeated, soughtBy, type Verdict } from "./import-lines.ts";
import { findHolders, type Holder } from "./import-store.ts";
import type { LineBatch } from "./line-batches.ts";
import type { FieldProblem } from "./line-members.ts";

/** What comes of the good lines of a batch. */
export interface Settled {
  readonly imported: number;
  /** Whose account was there before. */
  readonly present: number;
  readonly bad: readonly BadLine[];
}

export interface Judged {
  readonly line: ImportLine;
  readonly verdict: Verdict;
}

const overtaken: FieldProblem = { field: null, reason: "Something else changed at the same moment; import it again." };
const gone: FieldProblem = { field: null, reason: "Has no account: an earlier run found it bad, or the account has changed since." };

/** `more` are held by what only the caller knows of. */
export async function judgeAll(
  connection: Database | Transaction,
  lines: readonly ImportLine[],
  { fileHash, now, more = [] }: { fileHash: string; now: Date; more?: readonly Holder[] },
): Promise<Judged[]> {
  if (lines.length === 0) return [];
  const sought = soughtBy(lines);
  const holders = [...(await findHolders(connection, sought)), ...more];
  const reserved = await findReserved(connection, sought.emailKeys, now);
  const verdicts = judgeLines(lines, { fileHash, holders, reserved });
  return lines.map((line, index) => ({ line, verdict: verdicts[index] ?? "free" }));
}

export function judgeRepeated(repeated: ReturnType<typeof separateRepeated>["repeated"], fileHash: string): Judged[] {
  return repeated.flatMap(({ line, before }) => {
    const against = { fileHash, holders: [heldBy(before, fileHash)], reserved: new Set<string>() };
    return judgeLines([line], against).map((verdict) => ({ line, verdict }));
  });
}

/** `imported` of them are beside those judged. `freeMeans`: what is wrong with a line of which nothing is known that stands against it. */
export function settle(judged: readonly Judged[], imported: number, freeMeans = overtaken): Settled {
  const bad = judged.flatMap(({ line, verdict }) => {
    if (verdict === "present" || verdict === "imported") return [];
    return [{ line: line.number, problems: [verdict === "free" ? freeMeans : verdict] }];
  });
  return { imported, present: judged.length - bad.length, bad };
}

/** What has become of lines that an earlier run has dealt with; nothing is written. */
export async function reviewBatch(
  connection: Database | Transaction,
  { good }: LineBatch,
  at: { fileHash: string; now: Date },
): Promise<Settled> {
  const { first, repeated } = separateRepeated(good);
  const judged = [...(await judgeAll(connection, first, at)), ...judgeRepeated(repeated, at.fileHash)];
  return settle(judged, 0, gone);
}
