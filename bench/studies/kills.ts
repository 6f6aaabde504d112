import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { runKillDrill } from "../../tests/support/load/kill-drill.ts";
import type { Ground } from "../machine/fleet.ts";
import { quantile } from "../machine/load.ts";
import { startGateway } from "../machine/servers.ts";
import { formatMilliseconds } from "../report.ts";
import type { Verdict } from "../verdicts.ts";

const KILLS = 20;
const READY_MILLISECONDS = 5000;
const SECRET = "kills of the benchmark, kept over restarts".replace(",", "");

/**
 * `kill -9` of the server and of PostgreSQL, twenty times each, under load; tests/drills/kills/survives-kills.test.ts is the short form.
 */
export async function drillKills({ directory }: Ground): Promise<readonly Verdict[]> {
  const database = join(directory, "kills");
  await mkdir(database, { recursive: true });
  const { counts, problems, serverBack, databaseBack } = await runKillDrill({
    serverKills: KILLS,
    databaseKills: KILLS,
    secondsBetween: 2,
    callers: 8,
    directory: database,
    async startServer(databaseUrl) {
      const variables = { SECRET, ISSUER: "https://auth.example.com", REFRESH_GRACE: "5m", NODE_ENV: "development" };
      const server = await startGateway({ databaseUrl, directory }, variables);
      return { url: server.url, kill: server.stop };
    },
  });
  const acknowledged = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const lines = [
    `Acknowledged under ${KILLS} kills of the server and ${KILLS} of PostgreSQL: ${acknowledged.join(", ")}.`,
    `Lost, or done twice: ${problems.length}.`,
    ...problems.slice(0, 10).map((problem) => `  ${problem}`),
    `Ready again: ${describe(serverBack)} after the server's start, ${describe(databaseBack)} after PostgreSQL's.`,
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
  const slowest = Math.max(...databaseBack, ...serverBack);
  const job = `${KILLS} kills of the server and ${KILLS} of PostgreSQL`;
  const absolute = { beside: "", ratio: "" };
  return [
    { job: `${job}: lost or done twice`, figure: String(problems.length), ...absolute, aim: "0", isHeld: problems.length === 0 },
    {
      job: `${job}: ready again`,
      figure: formatMilliseconds(slowest),
      ...absolute,
      aim: `≤ ${READY_MILLISECONDS / 1000} s`,
      isHeld: slowest <= READY_MILLISECONDS,
    },
  ];
}

function describe(milliseconds: readonly number[]): string {
  const sorted = [...milliseconds].sort((a, b) => a - b);
  return `${formatMilliseconds(quantile(sorted, 0.5))} (at most ${formatMilliseconds(sorted.at(-1))})`;
}
