import { setTimeout as sleep } from "node:timers/promises";
import { type Ground, openFleet } from "../machine/fleet.ts";
import { processorSeconds } from "../machine/pinning.ts";
import { type BenchmarkUser, registerUsers } from "../machine/users.ts";
import { formatMilliseconds } from "../report.ts";
import { median } from "../rounds.ts";
import { measureRawHashing, tokenQuery } from "../scenarios.ts";
import { LOGIN_AIM, ratioOf, type Verdict } from "../verdicts.ts";
import { type Storm, stormLogins } from "./login-storm.ts";
import { askSteadily, type Latencies } from "./steady-queries.ts";

const LOGIN_CONNECTIONS = 32;
const QUERIES_PER_SECOND = 200;
/** As long as other contestants get: by then the compiler has seen what there is. */
const WARM_UP_SECONDS = 7;
/**
 * All of a storm begin at the same instant: that is a burst, which any query waits behind for as long as it takes to read it. The storm
 * comes after it.
 */
const START_SECONDS = 1;
const FLOOD_CONNECTIONS = 512;
const FLOOD_SECONDS = 2;
/**
 * The p99 of a query, by that beside a program which hashes and does nothing else, at the lowest priority on the same core: what the kernel
 * makes a thread wait that wakes up while another one runs. No server can do better; beside nothing at all (`calm`) the p99 is that much
 * lower.
 */
const LONGEST_DELAY = 2;

export interface StormOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** The compiled program. */
  readonly rawArgon2: string;
}

interface StormRound {
  readonly rawPerSecond: number;
  readonly calm: Latencies;
  /** While another program hashes on the server's core, standing back as the server's own threads do. */
  readonly hashing: Latencies;
  readonly beside: Latencies;
  readonly storm: Storm;
  /**
   * The processor time of a hash alone, by that of a login, less what the queries cost: what other programs on the machine disturb least.
   */
  readonly costRatio: number;
}

/** What a storm of logins leaves of an authenticated query on the same core, and of what that core can hash. */
export async function benchmarkStorm(ground: Ground, { rounds, seconds, rawArgon2 }: StormOptions): Promise<readonly Verdict[]> {
  const fleet = await openFleet(ground);
  const { url, pid } = await fleet.start("storm");
  const users = await registerUsers(url, LOGIN_CONNECTIONS);
  const ask = (duration: number) =>
    askSteadily({ url, token: users[0]?.accessToken ?? "", query: tokenQuery, perSecond: QUERIES_PER_SECOND, seconds: duration });
  const askLater = () => sleep(START_SECONDS * 1000).then(() => ask(seconds));
  await Promise.all([ask(WARM_UP_SECONDS), stormLogins(url, users, WARM_UP_SECONDS)]);
  const measured: StormRound[] = [];
  for (let round = 0; round < rounds; round++) {
    const { perSecond: rawPerSecond, cost: rawCost = Number.NaN } = await measureRawHashing(rawArgon2, seconds);
    const calm = await withCost(pid, () => ask(seconds));
    const [hashing] = await Promise.all([ask(seconds), measureRawHashing(rawArgon2, seconds, { standsBack: true })]);
    const stormy = await withCost(pid, () => Promise.all([askLater(), stormLogins(url, users, START_SECONDS + seconds)]));
    const [beside, storm] = stormy.result;
    const loginCost = ((stormy.seconds - calm.seconds) * 1e6) / storm.loggedIn;
    measured.push({ rawPerSecond, calm: calm.result, hashing, beside, storm, costRatio: rawCost / loginCost });
  }
  const flood = await floodLogins(url, users);
  printStorm(measured, flood);
  return judge(measured, flood);
}

/** More than there are places to wait in, so that there are refusals to look at. */
async function floodLogins(url: string, users: readonly BenchmarkUser[]): Promise<Storm> {
  const many = Array.from({ length: FLOOD_CONNECTIONS / LOGIN_CONNECTIONS }, () => users).flat();
  const flood = await stormLogins(url, many, FLOOD_SECONDS);
  if (flood.refused === 0) throw new Error("Nothing was refused, so that refusals cannot be judged.");
  return flood;
}

async function withCost<Result>(pid: number, work: () => Promise<Result>): Promise<{ result: Result; seconds: number }> {
  const before = processorSeconds(pid) ?? Number.NaN;
  const result = await work();
  return { result, seconds: (processorSeconds(pid) ?? Number.NaN) - before };
}

function judge(rounds: readonly StormRound[], flood: Storm): Verdict[] {
  const figure = (of: (round: StormRound) => number) => median(rounds.map(of));
  const delay = figure(({ hashing, beside }) => beside.p99 / hashing.p99);
  const logins = figure(({ storm, rawPerSecond }) => storm.perSecond / rawPerSecond);
  const { refused, unexplained } = flood;
  return [
    {
      job: "query beside a storm of logins, p99",
      figure: formatMilliseconds(figure(({ beside }) => beside.p99)),
      beside: `beside hashing alone ${formatMilliseconds(figure(({ hashing }) => hashing.p99))}`,
      ratio: delay.toFixed(2),
      aim: `≤ ${LONGEST_DELAY}`,
      isHeld: delay <= LONGEST_DELAY,
    },
    {
      job: "logins of the storm",
      figure: `${figure(({ storm }) => storm.perSecond).toFixed(1)} /s`,
      beside: `raw argon2id ${figure((round) => round.rawPerSecond).toFixed(1)} /s`,
      ...ratioOf({ median: logins, byCost: figure((round) => round.costRatio) }, LOGIN_AIM),
    },
    {
      job: "refused logins that do not say when to retry",
      figure: String(unexplained),
      beside: `${refused} refused`,
      ratio: "",
      aim: "0",
      isHeld: unexplained === 0,
    },
  ];
}

function printStorm(rounds: readonly StormRound[], flood: Storm): void {
  const figure = (of: (round: StormRound) => number) => median(rounds.map(of));
  const spread = (of: (round: StormRound) => number) => {
    const all = rounds.map(of);
    return `${median(all).toFixed(2)} (${Math.min(...all).toFixed(2)}–${Math.max(...all).toFixed(2)})`;
  };
  const latencies = (of: (round: StormRound) => Latencies) =>
    `p50 ${figure((round) => of(round).p50).toFixed(2)} ms   p99 ${figure((round) => of(round).p99).toFixed(2)} ms`;
  const perSecond = figure(({ storm }) => storm.perSecond).toFixed(1);
  const logins = `${perSecond} /s, raw argon2id ${figure((round) => round.rawPerSecond).toFixed(1)} /s`;
  const lines = [
    `${QUERIES_PER_SECOND} authenticated queries a second, calm and beside ${LOGIN_CONNECTIONS} connections that log in over and over:`,
    `calm      ${latencies(({ calm }) => calm)}`,
    `hashing   ${latencies(({ hashing }) => hashing)}   by calm ${spread(({ calm, hashing }) => hashing.p99 / calm.p99)}`,
    `storm     ${latencies(({ beside }) => beside)}   by calm ${spread(({ calm, beside }) => beside.p99 / calm.p99)}, ` +
      `by hashing ${spread(({ hashing, beside }) => beside.p99 / hashing.p99)}`,
    `logins    ${logins}   ratio ${spread(({ storm, rawPerSecond }) => storm.perSecond / rawPerSecond)}, by cpu ` +
      `${figure((round) => round.costRatio).toFixed(2)}`,
    `flood     of ${FLOOD_CONNECTIONS} connections: ${flood.loggedIn} logins, ${flood.refused} refused, ` +
      `${flood.unexplained} of them without saying when to retry`,
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
}
