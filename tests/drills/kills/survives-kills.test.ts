import { rm } from "node:fs/promises";
import { expect, test } from "vitest";
import { makeReachableFolder } from "../../support/folders.ts";
import { runKillDrill } from "../../support/load/kill-drill.ts";
import { startServerProcess } from "../../support/processes/server-process.ts";
import { rounds } from "../../support/rounds.ts";

test("nothing acknowledged is lost or done twice when the server or PostgreSQL is killed under load; it is soon ready again", async () => {
  const directory = await makeReachableFolder("gateway-kills-");
  const outcome = await runKillDrill({
    serverKills: rounds(2),
    databaseKills: rounds(1),
    secondsBetween: 0.5,
    callers: 4,
    directory,
    async startServer(databaseUrl) {
      const server = await startServerProcess({ DATABASE_URL: databaseUrl, REFRESH_GRACE: "5m", LOG_LEVEL: "info" });
      return { url: server.url, kill: () => server.stop("SIGKILL") };
    },
  });
  expect(outcome.problems).toEqual([]);
  for (const count of Object.values(outcome.counts)) expect(count).toBeGreaterThan(5);
  await rm(directory, { recursive: true, force: true });
}, 300_000);
