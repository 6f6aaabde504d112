import type { Round } from "./load.ts";
import { figuresOf } from "./report.ts";
import { median, medianRound } from "./rounds.ts";

export interface Standing {
  readonly name: string;
  readonly rounds: readonly Round[];
}

const NAME_WIDTH = 34;
const WIDTH = 12;
const headings = ["per second", "p50", "p99", "busy", "cpu/answer", "ratio", "by cpu"];

/** One line each, with its ratios to the first: the median of those of the rounds that were run one after the other. */
export function printStandings(title: string, standings: readonly Standing[]): void {
  const [reference = { name: "", rounds: [] }] = standings;
  printLine(title, headings);
  for (const { name, rounds } of standings) {
    const byRate = ratio(rounds, reference.rounds, ({ perSecond }) => perSecond);
    const byCost = ratio(reference.rounds, rounds, ({ cost = Number.NaN }) => cost);
    printLine(`  ${name}`, [...figuresOf(medianRound(rounds)), byRate.toFixed(2), byCost.toFixed(2)]);
  }
  process.stdout.write("\n");
}

function ratio(rounds: readonly Round[], others: readonly Round[], of: (round: Round) => number): number {
  return median(rounds.flatMap((round, index) => (others[index] === undefined ? [] : [of(round) / of(others[index])])));
}

function printLine(name: string, cells: readonly string[]): void {
  process.stdout.write(`${name.padEnd(NAME_WIDTH)}${cells.map((cell) => cell.padStart(WIDTH)).join("")}\n`);
}
