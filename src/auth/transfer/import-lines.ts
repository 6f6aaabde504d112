import type { Holder, Sought } from "./import-store.ts";
import type { FieldProblem } from "./line-members.ts";

/** A line of the file, by its number, and what no other line or account may have. */
export interface ImportLine {
  readonly number: number;
  /** Undefined: any. */
  readonly id: string | undefined;
  readonly emailKey: string;
}

/** The accounts and lines that have what the lines of a batch ask for. */
export interface Findings {
  readonly fileHash: string;
  readonly holders: readonly Holder[];
  /** Addresses that accounts can still go back to. */
  readonly reserved: ReadonlySet<string>;
}

/** `imported`: by this very line. `present`: the same account was here before. */
export type Verdict = "free" | "imported" | "present" | FieldProblem;

export function soughtBy(lines: readonly ImportLine[]): Sought {
  return { ids: lines.flatMap(({ id }) => id ?? []), emailKeys: lines.map(({ emailKey }) => emailKey) };
}

/** One verdict for each line, in their order. */
export function judgeLines(lines: readonly ImportLine[], { fileHash, holders, reserved }: Findings): Verdict[] {
  const byId = new Map(holders.map((holder) => [holder.id, holder]));
  const byEmailKey = new Map(holders.map((holder) => [holder.emailKey, holder]));
  return lines.map((line) => {
    const sameId = line.id === undefined ? undefined : byId.get(line.id);
    const sameEmail = byEmailKey.get(line.emailKey);
    if (isOf(line, sameId, fileHash) || isOf(line, sameEmail, fileHash)) return "imported";
    // The same line twice in one file is a mistake, the same user in two files is not.
    if (sameEmail !== undefined && sameEmail === sameId && sameEmail.file !== fileHash) return "present";
    if (sameEmail !== undefined) return { field: "email", reason: `Is the address of ${describe(sameEmail, fileHash)} already.` };
    if (sameId !== undefined) return { field: "id", reason: `Is the id of ${describe(sameId, fileHash)} already.` };
    if (!reserved.has(line.emailKey)) return "free";
    return { field: "email", reason: "Was the address of an account that can still go back to it." };
  });
}

function isOf({ number }: ImportLine, holder: Holder | undefined, fileHash: string): boolean {
  return holder?.file === fileHash && holder.line === number;
}

function describe({ file, line }: Holder, fileHash: string): string {
  return file === fileHash && line !== null ? `line ${line}` : "another account";
}

/** The first of each address and of each id, and against which of them the others stand. */
export function separateRepeated<Line extends ImportLine>(lines: readonly Line[]) {
  const [ids, emailKeys] = [new Map<string, Line>(), new Map<string, Line>()];
  const [first, repeated]: [Line[], { line: Line; before: Line }[]] = [[], []];
  for (const line of lines) {
    const before = emailKeys.get(line.emailKey) ?? (line.id === undefined ? undefined : ids.get(line.id));
    if (before !== undefined) {
      repeated.push({ line, before });
      continue;
    }
    first.push(line);
    emailKeys.set(line.emailKey, line);
    if (line.id !== undefined) ids.set(line.id, line);
  }
  return { first, repeated };
}

/** The line as later lines find it, once it has its account. */
export function heldBy({ number, id = "", emailKey }: ImportLine, fileHash: string): Holder {
  return { id, emailKey, file: fileHash, line: number };
}
