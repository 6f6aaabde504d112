import { cpus, loadavg } from "node:os";
import type { Round } from "./machine/load.ts";
import type { Outcome } from "./rounds.ts";

export function describeRun(options: { rounds: number; seconds: number }, machine: { isPinned: boolean; isEmbedded: boolean }): void {
  const { rounds, seconds } = options;
  const cores = cpus();
  const load = loadavg()[0] ?? 0;
  const lines = [
    `${cores.length} × ${cores[0]?.model ?? "unknown processor"}, Node ${process.version}; ${rounds} rounds of ` +
      `${seconds} s each, in alternation`,
    machine.isPinned
      ? `The server under test alone on core 0; the load generator${machine.isEmbedded ? " and PostgreSQL" : ""} on core 1.`
      : "Nothing is pinned: `taskset` or a second core is missing, so that everything competes. Trust the ratios less.",
    ...(load > 1 ? [`The machine is not idle (load ${load.toFixed(1)}): the ratios by processor time are the ones to trust.`] : []),
    ...(machine.isEmbedded ? [] : ["PostgreSQL is the one of DATABASE_URL, wherever that runs."]),
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
}

const widths = [10, 14, 12, 11, 11, 8, 13] as const;

export function printHeading(): void {
  printRow(["", "", "per second", "p50", "p99", "busy", "cpu/answer"]);
}

/** Two lines, and how the first stands to the second. */
export function printScenario({ scenario, ours, other, ratio, costRatio }: Outcome): void {
  const spread = `${ratio.lowest.toFixed(2)}–${ratio.highest.toFixed(2)}`;
  const byCost = costRatio === undefined ? "" : `, by cpu ${costRatio.toFixed(2)}`;
  printRow([scenario.name, scenario.ours.name, ...figuresOf(ours)]);
  printRow(["", scenario.other.name, ...figuresOf(other), `   ratio ${ratio.median.toFixed(2)} (${spread})${byCost}`]);
}

export function figuresOf({ perSecond, p50, p99, busy, cost }: Round): string[] {
  const share = busy === undefined ? "" : `${Math.round(busy * 100)} %`;
  const time = cost === undefined ? "" : cost >= 1000 ? `${(cost / 1000).toFixed(2)} ms` : `${cost.toFixed(1)} µs`;
  return [formatRate(perSecond), formatMilliseconds(p50), formatMilliseconds(p99), share, time];
}

export function formatRate(perSecond: number): string {
  return perSecond >= 1000 ? `${(perSecond / 1000).toFixed(2)} k/s` : `${perSecond.toFixed(1)} /s`;
}

export function formatMilliseconds(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(value < 100 ? 2 : 0)} ms`;
}

function printRow(cells: readonly string[]): void {
  const padded = cells.map((cell, index) => (index < 2 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)));
  process.stdout.write(`${padded.join("")}\n`);
}
