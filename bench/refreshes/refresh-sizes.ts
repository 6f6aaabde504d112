import { openDatabaseMeter } from "../machine/database-cost.ts";
import { type Ground, openFleet } from "../machine/fleet.ts";
import type { Round } from "../machine/load.ts";
import { printHeading, printScenario } from "../report.ts";
import { type Contestant, measureScenario, median } from "../rounds.ts";
import { contestant } from "../scenarios.ts";
import { ratioOf, type Verdict } from "../verdicts.ts";
import { countStatements } from "./rotation-statements.ts";
import { createRotator, type Rotator } from "./session-rotation.ts";
import { fillSessions } from "./session-rows.ts";
import { readTableState, type TableState } from "./table-upkeep.ts";

const SMALL = 10_000;
const LARGE = 1_000_000;
const CONNECTIONS = 32;
/** "Flat": what two runs of one size differ by is about a tenth. */
const FLAT = 0.9;

interface Side extends Contestant {
  readonly databaseUrl: string;
  readonly rotator: Rotator;
  readonly before: TableState;
  /** Each by itself, in their order. */
  readonly rounds: readonly SizedRound[];
}

/** Its cost is that of the server and of PostgreSQL together: only the latter knows how large the table is. */
interface SizedRound extends Round {
  /** Microseconds of PostgreSQL's processor time for one rotation. */
  readonly ofDatabase: number;
}

/** What a rotation costs in a table of ten thousand and of a million sessions, picked in no order, and what it leaves of the table. */
export async function benchmarkRefreshSizes(ground: Ground, options: { rounds: number; seconds: number }): Promise<readonly Verdict[]> {
  const small = await startSide(SMALL, ground);
  const large = await startSide(LARGE, ground);
  const outcome = await measureScenario({ name: "refresh", ours: large, other: small }, options);
  printHeading();
  printScenario(outcome);
  for (const side of [small, large]) await printSide(side);
  const statements = await countOn(ground);
  process.stdout.write(`Statements for a rotation, on the wire: ${statements.toFixed(2)}\n\n`);
  return [
    {
      job: "refresh, 1,000,000 sessions",
      figure: `${outcome.ours.perSecond.toFixed(0)} /s`,
      beside: `10,000 sessions ${outcome.other.perSecond.toFixed(0)} /s`,
      ...ratioOf({ median: outcome.ratio.median, byCost: outcome.costRatio }, FLAT),
    },
    { job: "statements per rotation", figure: statements.toFixed(2), beside: "", ratio: "", aim: "1", isHeld: statements === 1 },
  ];
}

async function startSide(count: number, ground: Ground): Promise<Side> {
  const fleet = await openFleet(ground);
  const name = `${count / 1000}k`;
  const server = await fleet.start(`sessions-${name}`);
  const rotator = createRotator(await fillSessions(fleet.databaseUrl, count), CONNECTIONS);
  const { measure } = contestant(name, server, async () => rotator.openCallers());
  const rounds: SizedRound[] = [];
  const meter = openDatabaseMeter(fleet.databaseUrl);
  ground.cleanup.add(() => meter.close());
  return {
    name,
    databaseUrl: fleet.databaseUrl,
    rotator,
    before: await readTableState(fleet.databaseUrl),
    rounds,
    async measure(seconds) {
      const start = { seconds: await meter.read(), rotations: rotator.rotations };
      const { cost: ofServer, ...round } = await measure(seconds);
      const ofDatabase = (((await meter.read()) - start.seconds) * 1e6) / (rotator.rotations - start.rotations);
      const cost = (ofServer ?? Number.NaN) + ofDatabase;
      const sized = { ...round, ofDatabase, ...(Number.isNaN(cost) ? {} : { cost }) };
      rounds.push(sized);
      return sized;
    },
  };
}

/** On a small table of its own, so that what is counted has disturbed nothing. */
async function countOn(ground: Ground): Promise<number> {
  const fleet = await openFleet(ground);
  const migrating = await fleet.start("migrating");
  const rows = await fillSessions(fleet.databaseUrl, SMALL);
  await migrating.stop();
  return countStatements(fleet, rows);
}

async function printSide({ name, databaseUrl, rotator, before, rounds }: Side): Promise<void> {
  const after = await readTableState(databaseUrl, before.updates + rotator.rotations);
  const updates = after.updates - before.updates;
  const hot = (after.hotUpdates - before.hotUpdates) / updates;
  // The first round has warmed it up.
  const costs = rounds.slice(1).map(({ cost = Number.NaN, perSecond }) => cost || 1e6 / perSecond);
  const half = Math.ceil(costs.length / 2);
  const drift = median(costs.slice(0, half)) / median(costs.slice(-half));
  const sizes = (of: "table" | "indexes") => `${megabytes(before[of])} → ${megabytes(after[of])} MB`;
  const database = median(rounds.slice(1).map(({ ofDatabase }) => ofDatabase));
  const figures = [
    `${updates} rotations`,
    `${database.toFixed(0)} µs of PostgreSQL each`,
    `${(hot * 100).toFixed(2)} % of them heap-only`,
    `table ${sizes("table")}`,
    `indexes ${sizes("indexes")}`,
  ];
  process.stdout.write(`${name.padEnd(6)}${figures.join(", ")}; second half by the first, by cpu: ${drift.toFixed(2)}\n`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
