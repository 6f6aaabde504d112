import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { openRawClient } from "../../tests/support/raw-client.ts";
import { type Ground, openFleet } from "../machine/fleet.ts";
import { openLine } from "../machine/line.ts";
import { residentBytes } from "../machine/resident-bytes.ts";
import type { Server } from "../machine/servers.ts";
import { type BenchmarkUser, inTurn, logIn, registerUsers, sessionIdOf } from "../machine/users.ts";
import { formatMilliseconds, printHeading, printScenario } from "../report.ts";
import { type Contestant, measureScenario } from "../rounds.ts";
import { contestant, queryCaller, tokenQuery } from "../scenarios.ts";
import type { Verdict } from "../verdicts.ts";

const HELD = 100_000;
const CONNECTIONS = 32;
const WARM_UP_SECONDS = 5;
const PATIENCE_MILLISECONDS = 30_000;

export interface HeldOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** The compiled program that weighs revocations. */
  readonly revocationHeap: string;
}

interface Side extends Contestant {
  readonly server: Server;
  readonly databaseUrl: string;
  readonly user: BenchmarkUser;
}

/** What 100,000 live revocations cost a process: memory, and speed of the query that looks into it. */
export async function benchmarkRevocationsHeld(ground: Ground, options: HeldOptions): Promise<readonly Verdict[]> {
  await printHeap(options.revocationHeap);
  const none = await startSide("none", ground);
  const held = await startSide(`${HELD / 1000}k held`, ground);
  for (const side of [none, held, none, held]) await side.measure(WARM_UP_SECONDS);
  const before = { none: residentBytes(none.server), held: residentBytes(held.server) };
  await fill(held, ground);
  const outcome = await measureScenario({ name: "held", ours: held, other: none }, options);
  printHeading();
  printScenario(outcome);
  const after = { none: residentBytes(none.server), held: residentBytes(held.server) };
  process.stdout.write(
    `Resident memory after the load: ${megabytes(before.held)} → ${megabytes(after.held)} MB with them, ` +
      `${megabytes(before.none)} → ${megabytes(after.none)} MB without.\n\n`,
  );
  return [];
}

async function printHeap(program: string): Promise<void> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", program, String(HELD)]);
  const { session, user } = JSON.parse(stdout);
  process.stdout.write(
    `Heap for ${HELD} revocations: ${megabytes(session)} MB of sessions, ${megabytes(user)} MB of users ` +
      `(${Math.round(session / HELD)} and ${Math.round(user / HELD)} bytes each).\n`,
  );
}

async function startSide(name: string, ground: Ground): Promise<Side> {
  const fleet = await openFleet(ground);
  const server = await fleet.start(name.replace(" ", "-"));
  const users = await registerUsers(server.url, CONNECTIONS);
  const [user] = users;
  if (user === undefined) throw new Error("There is no user.");
  const openCallers = () => inTurn(users, ({ accessToken }) => queryCaller(server, tokenQuery, accessToken));
  return { ...contestant(name, server, openCallers), server, databaseUrl: fleet.databaseUrl, user };
}

/** Half sessions, half users, in one transaction and unannounced: when the last one is refused, the feed has read all. */
async function fill({ server, databaseUrl, user }: Side, { cleanup }: Ground): Promise<void> {
  const sql = openRawClient(databaseUrl);
  cleanup.add(() => sql.end({ timeout: 1 }));
  const { accessToken } = await logIn(server.url, user);
  await sql.begin(async (tx) => {
    await tx`
      insert into revocations (kind, subject_id, version, revoked_at, expires_at)
      select case number % 2 when 0 then 'session' else 'user' end, gen_random_uuid(), case number % 2 when 0 then null else 1 end,
        now(), now() + interval '1 hour'
      from generate_series(1, ${HELD - 1}::int) as number`;
    await tx`
      insert into revocations (kind, subject_id, revoked_at, expires_at)
      values ('session', ${sessionIdOf(accessToken)}, now(), now() + interval '1 hour')`;
  });
  const { read, longest } = await untilRefused(server, accessToken);
  process.stdout.write(
    `Read by the feed ${formatMilliseconds(read)} after their commit; no request waited longer than ` +
      `${formatMilliseconds(longest)} meanwhile.\n`,
  );
}

async function untilRefused(server: Server, token: string): Promise<{ read: number; longest: number }> {
  const line = openLine(server.url);
  const startedAt = performance.now();
  let longest = 0;
  while (performance.now() < startedAt + PATIENCE_MILLISECONDS) {
    const { sentAt, arrivedAt, errors } = await line.post({ query: tokenQuery }, token);
    longest = Math.max(longest, arrivedAt - sentAt);
    if (errors[0]?.extensions.reason !== "revoked") continue;
    line.close();
    return { read: arrivedAt - startedAt, longest };
  }
  throw new Error(`The feed did not read them within ${PATIENCE_MILLISECONDS} ms.`);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}
