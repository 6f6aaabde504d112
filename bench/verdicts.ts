/** One thing that is promised, and what was measured of it. */
export interface Verdict {
  readonly job: string;
  readonly figure: string;
  /** What it is compared with; empty where the aim is absolute. */
  readonly beside: string;
  readonly ratio: string;
  /** Empty where nothing is promised. */
  readonly aim: string;
  /** Undefined where nothing is promised. */
  readonly isHeld: boolean | undefined;
}

export interface Ratio {
  readonly median: number;
  readonly byCost?: number | undefined;
}

/** Of the rate at which the core can hash when it does nothing else. */
export const LOGIN_AIM = 0.65;

const headings = ["job", "figure", "beside", "ratio", "aim", "held"] as const;

/** By processor time where that is known: what other programs on the machine disturb least. */
export function ratioOf({ median, byCost }: Ratio, aim: number): Pick<Verdict, "ratio" | "aim" | "isHeld"> {
  const ratio = byCost === undefined ? median.toFixed(2) : `${median.toFixed(2)}, by cpu ${byCost.toFixed(2)}`;
  return { ratio, aim: `≥ ${aim}`, isHeld: (byCost ?? median) >= aim };
}

/** Everything in one table, as Markdown. */
export function printVerdicts(verdicts: readonly Verdict[]): void {
  const rows = verdicts.map(({ isHeld, ...verdict }) => ({ ...verdict, held: isHeld === undefined ? "" : isHeld ? "yes" : "NO" }));
  const widths = headings.map((heading) => Math.max(heading.length, ...rows.map((row) => row[heading].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const lines = [line(headings), rule, ...rows.map((row) => line(headings.map((heading) => row[heading])))];
  process.stdout.write(`${lines.join("\n")}\n`);
}
