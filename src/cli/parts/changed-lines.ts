/** The lines that only one of two texts has, in order: `- ` before those of the first, `+ ` before those of the second. */
export function listChangedLines(before: string, after: string): string[] {
  const [old, current] = [linesOf(before), linesOf(after)];
  const gone = [...old].filter((line) => !current.has(line)).map((line) => [line, "-"] as const);
  const come = [...current].filter((line) => !old.has(line)).map((line) => [line, "+"] as const);
  return [...gone, ...come].toSorted(compareChanges).map(([line, sign]) => `${sign} ${line}`);
}

type Change = readonly [line: string, sign: "-" | "+"];

/** By what the line is about, and there the old one first. */
function compareChanges([line, sign]: Change, [other, otherSign]: Change): number {
  const [subject = "", otherSubject = ""] = [line.split("  ")[0], other.split("  ")[0]];
  if (subject !== otherSubject) return subject < otherSubject ? -1 : 1;
  if (sign === otherSign) return 0;
  return sign === "-" ? -1 : 1;
}

/** Whatever system has written the file. */
function linesOf(text: string): ReadonlySet<string> {
  return new Set(text.split(/\r?\n/).filter((line) => line !== ""));
}
