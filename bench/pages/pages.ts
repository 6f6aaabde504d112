import { openRawClient } from "../../tests/support/raw-client.ts";
import { type Ground, openFleet } from "../machine/fleet.ts";
import { openLine } from "../machine/line.ts";
import { logIn, registerUsers } from "../machine/users.ts";
import { formatMilliseconds } from "../report.ts";
import type { Verdict } from "../verdicts.ts";
import { createPageCases, type PageCase, pageDocuments } from "./page-cases.ts";
import { openPagePlans } from "./page-plans.ts";
import { fillPages } from "./page-rows.ts";

const WARM_UP_REQUESTS = 30;
const REQUESTS = 300;

/** How long an admin waits for a page among a million users and a million audit events, one request at a time. */
export async function benchmarkPages(ground: Ground): Promise<readonly Verdict[]> {
  const fleet = await openFleet(ground);
  const server = await fleet.start("pages");
  const token = await signInAsAdmin(server.url, fleet.databaseUrl);
  const cases = createPageCases(await fillPages(fleet.databaseUrl));
  const line = openLine(server.url);
  const plans = openPagePlans(fleet.databaseUrl);
  printCells(["", "", "p50", "p99", "  reads"]);
  for (const pageCase of cases) {
    const body = { query: pageDocuments[pageCase.list], variables: pageCase.request };
    const times = await measure(async () => {
      const { errors, sentAt, arrivedAt } = await line.post(body, token);
      if (errors.length > 0) throw new Error(`The answer is wrong: ${JSON.stringify(errors)}`);
      return arrivedAt - sentAt;
    });
    printCase(pageCase, times, await plans.explain(pageCase));
  }
  process.stdout.write("\n");
  line.close();
  await plans.close();
  return [];
}

async function signInAsAdmin(url: string, databaseUrl: string): Promise<string> {
  const [user] = await registerUsers(url, 1);
  if (user === undefined) throw new Error("There is no user.");
  const sql = openRawClient(databaseUrl);
  await sql`update users set roles = '{user,admin}' where id = ${user.id}`.finally(() => sql.end());
  return (await logIn(url, user)).accessToken;
}

/** In milliseconds, shortest first. */
async function measure(requestPage: () => Promise<number>): Promise<number[]> {
  for (let index = 0; index < WARM_UP_REQUESTS; index++) await requestPage();
  const times: number[] = [];
  for (let index = 0; index < REQUESTS; index++) times.push(await requestPage());
  return times.toSorted((a, b) => a - b);
}

function printCase({ list, name }: PageCase, times: readonly number[], reads: string): void {
  const at = (share: number) => formatMilliseconds(times[Math.floor(times.length * share)]);
  printCells([list, name, at(0.5), at(0.99), `  ${reads}`]);
}

function printCells([list = "", name = "", median = "", slowest = "", reads = ""]: readonly string[]): void {
  process.stdout.write(`${list.padEnd(13)}${name.padEnd(23)}${median.padStart(10)}${slowest.padStart(10)}${reads}\n`);
}
