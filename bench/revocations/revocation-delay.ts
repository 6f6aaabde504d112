import { openRawClient } from "../../tests/support/raw-client.ts";
import { type Fleet, type Ground, openFleet } from "../machine/fleet.ts";
import { type Answer, type Line, openLine } from "../machine/line.ts";
import { quantile } from "../machine/load.ts";
import { formatMilliseconds } from "../report.ts";
import { tokenQuery } from "../scenarios.ts";
import type { Verdict } from "../verdicts.ts";
import { proveNoStatements } from "./hot-path-statements.ts";
import { createOrders, type Order, type PrepareOrder } from "./revocation-orders.ts";

const REVOCATIONS = 1000;
/** Far longer than it ever takes, also by a reading instead of an announcement. */
const PATIENCE_MILLISECONDS = 5000;
const AIM_MILLISECONDS = 100;
const TOKEN_QUERIES = 5000;
/** Of B's pool alone, by its URL, where a `+` is no space. Its feed keeps the name of every gateway's. */
const POOL_NAME = "benchmark-pool-of-b";

/** Milliseconds until B refused for the first time. */
interface Delay {
  /** Negative: before A's answer was here. */
  readonly sinceAnswer: number;
  readonly sinceOrder: number;
  /** Requests sent to B after A's answer was here, and accepted. */
  readonly acceptedAfter: number;
}

/** How long a token that is revoked at one process is still taken at another, and that asking so often costs no statement. */
export async function benchmarkRevocationDelay(ground: Ground): Promise<readonly Verdict[]> {
  const { cleanup } = ground;
  const fleet = await openFleet(ground);
  const a = await fleet.start("a");
  const b = await fleet.start("b", poolNamed(fleet, POOL_NAME));
  const sql = openRawClient(fleet.databaseUrl);
  cleanup.add(() => sql.end({ timeout: 1 }));
  const [lineToA, lineToB] = [openLine(a.url), openLine(b.url)];
  cleanup.add(() => [lineToA, lineToB].map((line) => line.close()));

  const orders = await createOrders(a, lineToA, sql);
  const delays = await measureInTurn(Object.entries(orders), lineToB);
  printDelays(delays);
  const { token } = await orders.logout();
  const { connections } = await proveNoStatements({ line: lineToB, token, queries: TOKEN_QUERIES, sql, poolName: POOL_NAME });
  const figure = `${TOKEN_QUERIES} token-only queries at B: 0 statements on its pool (connections: ${connections})`;
  process.stdout.write(`${figure}\n\n`);
  return [judge([...delays.values()].flat())];
}

function judge(delays: readonly Delay[]): Verdict {
  const sinceAnswer = delays.map((delay) => delay.sinceAnswer).sort((x, y) => x - y);
  const p99 = quantile(sinceAnswer, 0.99);
  const aim = `< ${AIM_MILLISECONDS} ms`;
  return {
    job: "revocation seen by another process, p99",
    figure: formatMilliseconds(p99),
    beside: "",
    ratio: "",
    aim,
    isHeld: p99 < AIM_MILLISECONDS,
  };
}

/** The direct URL is the feed's, and has no name in it. */
function poolNamed({ databaseUrl }: Fleet, name: string): Record<string, string> {
  const pool = new URL(databaseUrl);
  pool.searchParams.set("application_name", name);
  return { DATABASE_URL: pool.href, DATABASE_DIRECT_URL: databaseUrl };
}

async function measureInTurn(orders: readonly (readonly [string, PrepareOrder])[], b: Line): Promise<Map<string, Delay[]>> {
  const delays = new Map<string, Delay[]>(orders.map(([kind]) => [kind, []]));
  for (let round = 0; round < REVOCATIONS; round++) {
    const [kind, prepare] = orders[round % orders.length] ?? [];
    if (kind === undefined || prepare === undefined) throw new Error("There is no way to revoke.");
    delays.get(kind)?.push(await measureDelay(await prepare(), b));
  }
  return delays;
}

async function measureDelay({ token, send }: Order, b: Line): Promise<Delay> {
  const ask = () => b.post({ query: tokenQuery }, token);
  if (!isAccepted(await ask())) throw new Error("B did not take the token before it was revoked.");
  const orderedAt = performance.now();
  let answer: Answer | undefined;
  const ordered = send().then((arrived) => {
    answer = arrived;
    return arrived;
  });
  // It is awaited at the end, where B has refused or the patience is over.
  ordered.catch(() => undefined);
  let acceptedAfter = 0;
  while (performance.now() < orderedAt + PATIENCE_MILLISECONDS) {
    const poll = await ask();
    if (!isAccepted(poll)) {
      const { sentAt, arrivedAt } = await ordered;
      return { sinceAnswer: poll.arrivedAt - arrivedAt, sinceOrder: poll.arrivedAt - sentAt, acceptedAfter };
    }
    if (answer !== undefined && poll.sentAt >= answer.arrivedAt) acceptedAfter += 1;
  }
  await ordered;
  throw new Error(`B still took a revoked token after ${PATIENCE_MILLISECONDS} ms.`);
}

/** Throws for any other answer than the two that there may be. */
function isAccepted({ data, errors }: Answer): boolean {
  if (errors.length === 0 && data?.me) return true;
  if (errors[0]?.extensions.reason === "revoked") return false;
  throw new Error(`A wrong answer: ${JSON.stringify({ data, errors })}`);
}

function printDelays(delays: ReadonlyMap<string, readonly Delay[]>): void {
  const lines = [...delays].map(([kind, ofKind]) => describe(kind, ofKind));
  const all = [...delays.values()].flat();
  const heading = "Until B refuses a token that was revoked at A, in milliseconds since A's answer (since the order was sent):";
  process.stdout.write(`${[heading, ...lines, describe("all", all)].join("\n")}\n`);
}

function describe(kind: string, delays: readonly Delay[]): string {
  const sinceAnswer = delays.map((delay) => delay.sinceAnswer).sort((x, y) => x - y);
  const sinceOrder = delays.map((delay) => delay.sinceOrder).sort((x, y) => x - y);
  const figure = (share: number) => `${quantile(sinceAnswer, share).toFixed(1)} (${quantile(sinceOrder, share).toFixed(1)})`;
  const late = delays.filter(({ acceptedAfter }) => acceptedAfter > 0).length;
  const figures = [`median ${figure(0.5)}`, `p99 ${figure(0.99)}`, `max ${figure(1)}`].map((text) => text.padEnd(22)).join("");
  return `${kind.padEnd(15)}${String(delays.length).padStart(5)}   ${figures}still taken after A's answer: ${late}`;
}
