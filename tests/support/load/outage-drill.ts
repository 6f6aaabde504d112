import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import postgres from "postgres";
import { type ClusterServer, type Standby, startCluster, startStandby } from "../databases/standby.ts";
import { openRawClient } from "../raw-client.ts";
import { until } from "../until.ts";
import { startTcpProxy, type TcpProxy } from "../wires/tcp-proxy.ts";
import { makeDrillAdmin } from "./drill-admin.ts";
import { createLedger, type LedgerCounts } from "./ledger.ts";
import { startMixedLoad } from "./mixed-load.ts";

/** A primary at an address of its own, which a standby can take. */
interface Ground {
  readonly proxy: TcpProxy;
  primary: ClusterServer;
  readonly readOnlyMilliseconds: number;
  startStandby(): Promise<Standby>;
  /** An outage that nobody has met was none: on a busy machine it may be over too soon. */
  untilRefused(): Promise<void>;
}

/**
 * Makes ready for it. What comes back lets it happen, and resolves as soon as the address leads to a database that can be written to again.
 */
type Outage = (ground: Ground) => Promise<() => Promise<void>>;

const outages = {
  "a standby promoted, its primary stopped in order": promoteAfter(async ({ proxy, primary, untilRefused }, standby) => {
    await primary.stop();
    proxy.cut();
    await untilRefused();
    await standby.promote();
    proxy.restore(standby.url);
  }),
  "a standby promoted, its primary killed": promoteAfter(async ({ proxy, primary, untilRefused }, standby) => {
    await kill(primary);
    await untilRefused();
    // The address leads to the standby before anything can be written there.
    proxy.cut();
    proxy.restore(standby.url);
    await standby.promote();
  }),
  "a standby promoted, its primary gone without a word": promoteAfter(async ({ proxy }, standby) => {
    proxy.hang();
    proxy.vanish();
    await standby.promote();
    proxy.restore(standby.url);
  }),
  "a primary read-only for a while":
    async ({ primary, readOnlyMilliseconds, untilRefused }) =>
    async () => {
      await setReadOnly(primary, "on");
      await sleep(readOnlyMilliseconds);
      await untilRefused();
      await setReadOnly(primary, "off");
    },
} satisfies Record<string, Outage>;

function promoteAfter(happen: (ground: Ground, standby: Standby) => Promise<void>): Outage {
  return async (ground) => {
    const standby = await ground.startStandby();
    return async () => {
      await happen(ground, standby);
      ground.primary = standby;
    };
  };
}

export type OutageName = keyof typeof outages;
export const outageNames = Object.keys(outages) as OutageName[];

export interface OutageDrillOptions {
  /** An empty folder. */
  readonly directory: string;
  readonly outages: readonly OutageName[];
  /** So many at once. */
  readonly callers: number;
  readonly readOnlyMilliseconds: number;
  /** How long it is watched afterwards, beyond what it takes to be back. */
  readonly watchMilliseconds: number;
  startServer(databaseUrl: string): Promise<{ readonly url: string; stop(): Promise<unknown> }>;
}

export interface OutageDrillOutcome {
  readonly counts: LedgerCounts;
  /** What is missing of what was acknowledged, or was done twice. */
  readonly problems: readonly string[];
  /** Calls that got no answer at all. */
  readonly silences: readonly unknown[];
  readonly returns: readonly OutageReturn[];
}

/** Milliseconds since the database could be written to. */
export interface OutageReturn {
  readonly outage: OutageName;
  readonly firstRotation: number;
  /** 0: nothing was refused any more. */
  readonly lastRefusal: number;
  readonly refusals: number;
}

const PATIENCE_MILLISECONDS = 60_000;

/** Outages of the database, one after another, under load; then a look at what was acknowledged. */
export async function runOutageDrill(options: OutageDrillOptions): Promise<OutageDrillOutcome> {
  const { directory, readOnlyMilliseconds } = options;
  const first = await startCluster(join(directory, "primary"));
  const clusters = [first];
  let refusedAt: number[] = [];
  const ground: Ground = {
    proxy: await startTcpProxy(first.url),
    primary: first,
    readOnlyMilliseconds,
    async startStandby() {
      const standby = await startStandby(ground.primary, join(directory, `standby-${clusters.length}`));
      clusters.push(standby);
      return standby;
    },
    untilRefused: () => until(() => refusedAt.length > 0, PATIENCE_MILLISECONDS),
  };
  const server = await options.startServer(ground.proxy.url);
  const sql = openRawClient(ground.proxy.url, { backoff: () => 0.1 });
  const adminToken = await makeDrillAdmin(server.url, sql);
  const ledger = createLedger();
  const silences: unknown[] = [];
  const load = startMixedLoad({
    url: () => server.url,
    ledger,
    callers: options.callers,
    adminToken,
    onSilence: (error) => silences.push(error),
    onRefusal: () => refusedAt.push(performance.now()),
  });

  async function untilRotated(): Promise<void> {
    const before = ledger.counts.rotations;
    await until(() => {
      load.check();
      return ledger.counts.rotations > before;
    }, PATIENCE_MILLISECONDS);
  }

  async function suffer(outage: OutageName): Promise<OutageReturn> {
    const happen = await outages[outage](ground);
    await untilRotated();
    refusedAt = [];
    await happen();
    const backAt = performance.now();
    await untilRotated();
    const firstRotation = performance.now() - backAt;
    // Those who asked a database that is silent hear so later than others are served again.
    await ground.untilRefused();
    await sleep(options.watchMilliseconds);
    const lastRefusal = Math.max(0, (refusedAt.at(-1) ?? 0) - backAt);
    return { outage, firstRotation, lastRefusal, refusals: refusedAt.length };
  }

  try {
    const returns: OutageReturn[] = [];
    for (const outage of options.outages) returns.push(await suffer(outage));
    await untilRotated();
    // A test of nothing would pass: callers on a busy machine may not have come to each kind of call.
    await until(() => Object.values(ledger.counts).every((count) => count > 0), PATIENCE_MILLISECONDS);
    await load.stop();
    return { counts: ledger.counts, problems: await ledger.compare(sql), silences, returns };
  } finally {
    await server.stop();
    await sql.end({ timeout: 1 });
    await ground.proxy.close();
    for (const cluster of clusters.toReversed()) await cluster.stop();
  }
}

async function kill({ directory }: ClusterServer): Promise<void> {
  const pidFile = await readFile(join(directory, "postgres", "postmaster.pid"), "utf8");
  process.kill(Number.parseInt(pidFile, 10), "SIGKILL");
}

/** For those who are connected, too, and without a word to them. */
async function setReadOnly({ url }: ClusterServer, value: "on" | "off"): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined, connection: { default_transaction_read_only: false } });
  await sql.unsafe(`alter system set default_transaction_read_only = ${value}`);
  await sql`select pg_reload_conf()`;
  await until(
    async () =>
      (await sql`select setting from pg_file_settings where name = 'default_transaction_read_only' and applied`)[0]?.setting === value,
    10_000,
  );
  await sql.end();
}
