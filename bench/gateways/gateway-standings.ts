import type { Round } from "../machine/load.ts";
import { figuresOf, formatRate } from "../report.ts";
import { median, medianRound } from "../rounds.ts";
import { ratioOf, type Verdict } from "../verdicts.ts";

export interface Standing {
  readonly name: string;
  readonly rounds: readonly Round[];
}

interface Judged {
  readonly name: string;
  readonly other: string;
  readonly aim: number;
}

const NAME_WIDTH = 34;
const WIDTH = 12;
const headings = ["per second", "p50", "p99", "busy", "cpu/answer", "ratio", "by cpu"];

/** One line each, with its ratios to the first. */
export function printStandings(title: string, standings: readonly Standing[]): void {
  const [reference] = standings;
  printLine(title, headings);
  for (const standing of standings) {
    const { median: byRate, byCost } = ratioBetween(standing, reference ?? standing);
    printLine(`  ${standing.name}`, [...figuresOf(medianRound(standing.rounds)), byRate.toFixed(2), byCost.toFixed(2)]);
  }
  process.stdout.write("\n");
}

/** How `name` stands to `other`, of which `aim` is promised. */
export function judgeStandings(job: string, standings: readonly Standing[], { name, other, aim }: Judged): Verdict {
  const [ours, theirs] = [name, other].map((each) => standings.find((standing) => standing.name === each));
  if (ours === undefined || theirs === undefined) throw new Error(`${name} or ${other} was not measured.`);
  const rateOf = ({ rounds }: Standing) => formatRate(medianRound(rounds).perSecond);
  return { job, figure: rateOf(ours), beside: `${other} ${rateOf(theirs)}`, ...ratioOf(ratioBetween(ours, theirs), aim) };
}

/** The median of those of the rounds that were run one after the other. */
function ratioBetween({ rounds }: Standing, other: Standing): { readonly median: number; readonly byCost: number } {
  return {
    median: ratio(rounds, other.rounds, ({ perSecond }) => perSecond),
    byCost: ratio(other.rounds, rounds, ({ cost = Number.NaN }) => cost),
  };
}

function ratio(rounds: readonly Round[], others: readonly Round[], of: (round: Round) => number): number {
  return median(rounds.flatMap((round, index) => (others[index] === undefined ? [] : [of(round) / of(others[index])])));
}

function printLine(name: string, cells: readonly string[]): void {
  process.stdout.write(`${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(WIDTH)).join("")}\n`);
}
