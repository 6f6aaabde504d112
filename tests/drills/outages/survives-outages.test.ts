import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeReachableFolder } from "../../support/folders.ts";
import { outageNames, runOutageDrill } from "../../support/load/outage-drill.ts";
import { startServerProcess } from "../../support/processes/server-process.ts";

test("nothing acknowledged is lost and every call is answered, while standbys are promoted and a primary is read-only", async () => {
  const directory = await makeReachableFolder("gateway-outages-");
  const { counts, problems, silences, returns } = await runOutageDrill({
    directory,
    outages: outageNames,
    callers: 4,
    readOnlyMilliseconds: 500,
    watchMilliseconds: 0,
    startServer: (databaseUrl) => startServerProcess({ DATABASE_URL: databaseUrl, REFRESH_GRACE: "5m", LOG_LEVEL: "info" }),
  });
  expect(silences).toEqual([]);
  expect(problems).toEqual([]);
  expect(returns.map(({ outage, refusals }) => [outage, refusals > 0])).toEqual(outageNames.map((name) => [name, true]));
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0);
  await rm(directory, { recursive: true, force: true });
}, 300_000);
