import type { Round } from "./machine/load.ts";

/** One of the two that a scenario compares. */
export interface Contestant {
  readonly name: string;
  measure(seconds: number): Promise<Round>;
}

export interface Scenario {
  readonly name: string;
  readonly ours: Contestant;
  readonly other: Contestant;
}

export interface Outcome {
  readonly scenario: Scenario;
  readonly ours: Round;
  readonly other: Round;
  /** The median of the ratios of neighbouring rounds, and how far they spread. */
  readonly ratio: { readonly median: number; readonly lowest: number; readonly highest: number };
  /** The same by processor time instead of answers per second; absent where that is not known. */
  readonly costRatio: number | undefined;
}

const WARM_UP_SECONDS = 3;

const WARM_UP_ANSWERS = 5000;
const LONGEST_WARM_UP_SECONDS = 4;

/** Until it has been compiled: on a machine that others use as well, seconds say little about that. */
async function warmUp(contestant: Contestant): Promise<void> {
  let answers = 0;
  for (let second = 0; second < LONGEST_WARM_UP_SECONDS && answers < WARM_UP_ANSWERS; second++) {
    const { perSecond } = await contestant.measure(1);
    answers += perSecond;
  }
}

/** A B C A B C …: all see the same drift of the machine. The rounds of each, in the order of the contestants. */
export async function measureInTurn(
  contestants: readonly Contestant[],
  { rounds, seconds }: { rounds: number; seconds: number },
): Promise<readonly (readonly Round[])[]> {
  for (const contestant of contestants) await warmUp(contestant);
  const measured = contestants.map((): Round[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, contestant] of contestants.entries()) measured[index]?.push(await contestant.measure(seconds));
  }
  return measured;
}

/** A B A B …: both see the same drift of the machine, and each pair of neighbours gives one ratio. */
export async function measureScenario(scenario: Scenario, options: { rounds: number; seconds: number }): Promise<Outcome> {
  const { ours, other } = scenario;
  await ours.measure(WARM_UP_SECONDS);
  await other.measure(WARM_UP_SECONDS);
  const pairs: { ours: Round; other: Round }[] = [];
  for (let round = 0; round < options.rounds; round++) {
    pairs.push({ ours: await ours.measure(options.seconds), other: await other.measure(options.seconds) });
  }
  const ratios = pairs.map((pair) => pair.ours.perSecond / pair.other.perSecond);
  const costRatios = pairs.flatMap((pair) => (pair.ours.cost && pair.other.cost ? [pair.other.cost / pair.ours.cost] : []));
  return {
    scenario,
    ours: medianRound(pairs.map((pair) => pair.ours)),
    other: medianRound(pairs.map((pair) => pair.other)),
    ratio: { median: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
    costRatio: costRatios.length === 0 ? undefined : median(costRatios),
  };
}

export function medianRound(rounds: readonly Round[]): Round {
  const of = (name: keyof Round) => {
    const values = rounds.flatMap((round) => round[name] ?? []);
    return values.length === 0 ? {} : { [name]: median(values) };
  };
  return { perSecond: Number.NaN, ...of("perSecond"), ...of("p50"), ...of("p99"), ...of("busy"), ...of("cost") };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? Number.NaN) + (sorted[Math.floor(middle)] ?? Number.NaN)) / 2;
}
