import { rm } from "node:fs/promises";
import { makeReachableFolder } from "../../tests/support/folders.ts";
import { type OutageReturn, outageNames, runOutageDrill } from "../../tests/support/load/outage-drill.ts";
import type { Ground } from "../machine/fleet.ts";
import { startGateway } from "../machine/servers.ts";
import { formatMilliseconds } from "../report.ts";
import type { Verdict } from "../verdicts.ts";

const READ_ONLY_MILLISECONDS = 10_000;
const WATCH_MILLISECONDS = 10_000;
const BACK_SECONDS = 5;
/** Where the connections say nothing, it takes their time to know. */
const BACK_FROM_SILENCE_SECONDS = 10;

/**
 * Standbys promoted, and ten seconds of a read-only primary, under load; tests/drills/outages/survives-outages.test.ts is the short form.
 */
export async function drillOutages({ directory }: Ground): Promise<readonly Verdict[]> {
  // Standbys are copies, which PostgreSQL's account has to reach where they are.
  const folder = await makeReachableFolder("gateway-outages-");
  const variables = { ISSUER: "https://auth.example.com", REFRESH_GRACE: "5m", NODE_ENV: "development" };
  const { counts, problems, silences, returns } = await runOutageDrill({
    directory: folder,
    outages: outageNames,
    callers: 8,
    readOnlyMilliseconds: READ_ONLY_MILLISECONDS,
    watchMilliseconds: WATCH_MILLISECONDS,
    startServer: (databaseUrl) => startGateway({ databaseUrl, directory }, variables),
  }).finally(() => rm(folder, { recursive: true, force: true }));
  const acknowledged = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
  const lines = [
    `Acknowledged: ${acknowledged.join(", ")}. Lost, or done twice: ${problems.length}. Calls without an answer: ${silences.length}.`,
    ...problems.slice(0, 10).map((problem) => `  ${problem}`),
    ...returns.map(describe),
  ];
  process.stdout.write(`${lines.join("\n")}\n\n`);
  const absolute = { beside: "", ratio: "" };
  const failures = problems.length + silences.length;
  return [
    { job: "outages: lost, done twice or not answered", figure: String(failures), ...absolute, aim: "0", isHeld: failures === 0 },
    ...returns.map(judge),
  ];
}

function describe({ outage, firstRotation, lastRefusal, refusals }: OutageReturn): string {
  return (
    `${outage}: ${refusals} calls refused, the last of them ${formatMilliseconds(lastRefusal)}, the first rotation ` +
    `${formatMilliseconds(firstRotation)} after the database was back.`
  );
}

function judge({ outage, firstRotation, lastRefusal }: OutageReturn): Verdict {
  const seconds = outage.includes("without a word") ? BACK_FROM_SILENCE_SECONDS : BACK_SECONDS;
  const back = Math.max(firstRotation, lastRefusal);
  return {
    job: `${outage}: refreshes again`,
    figure: formatMilliseconds(back),
    beside: "",
    ratio: "",
    aim: `≤ ${seconds} s`,
    isHeld: back <= seconds * 1000,
  };
}
