import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startEmbeddedPostgres } from "../../../src/dev-postgres/embedded-postgres.ts";
import { openRawClient } from "../raw-client.ts";
import { until } from "../until.ts";
import { startTcpProxy, type TcpProxy } from "../wires/tcp-proxy.ts";
import { makeDrillAdmin } from "./drill-admin.ts";
import { createLedger, type LedgerCounts } from "./ledger.ts";
import { startMixedLoad } from "./mixed-load.ts";

const PATIENCE_MILLISECONDS = 30_000;
/** How long callers may take on a slow machine until something of every kind has been acknowledged. */
const LOAD_MILLISECONDS = 60_000;

export interface DrillServer {
  readonly url: string;
  /** By SIGKILL. */
  kill(): Promise<unknown>;
}

export interface DrillOptions {
  readonly serverKills: number;
  readonly databaseKills: number;
  readonly secondsBetween: number;
  /** So many at once. */
  readonly callers: number;
  /** An empty folder, for a PostgreSQL that may be killed. */
  readonly directory: string;
  startServer(databaseUrl: string): Promise<DrillServer>;
}

export interface DrillOutcome {
  readonly counts: LedgerCounts;
  readonly problems: readonly string[];
  /** Milliseconds from the start of the new server, and of the database's readiness, to the server's. */
  readonly serverBack: readonly number[];
  readonly databaseBack: readonly number[];
}

/** `kill -9` of the server and of its database, again and again under load; then a look at what was acknowledged. */
export async function runKillDrill(options: DrillOptions): Promise<DrillOutcome> {
  const database = await openKillableDatabase(options.directory);
  let server = await options.startServer(database.url);
  const ledger = createLedger();
  const sql = openRawClient(database.url, { backoff: () => 0.1 });
  const adminToken = await makeDrillAdmin(server.url, sql);
  const load = startMixedLoad({ url: () => server.url, ledger, callers: options.callers, adminToken });

  async function killServer(): Promise<number> {
    await server.kill();
    const startedAt = performance.now();
    server = await options.startServer(database.url);
    await untilReady(server.url);
    return performance.now() - startedAt;
  }

  async function killDatabase(): Promise<number> {
    await database.kill();
    await database.restart();
    const startedAt = performance.now();
    await untilReady(server.url);
    return performance.now() - startedAt;
  }

  /** Long enough, and until something of every kind has been acknowledged again. Fails where the load stands still. */
  async function underLoad(): Promise<void> {
    const before = { ...ledger.counts };
    await sleep(options.secondsBetween * 1000);
    await until(() => isAhead(ledger.counts, before), LOAD_MILLISECONDS);
  }

  const again = async (times: number, kill: () => Promise<number>) => {
    const milliseconds: number[] = [];
    for (let count = 0; count < times; count += 1) {
      await underLoad();
      milliseconds.push(await kill());
    }
    return milliseconds;
  };
  try {
    const serverBack = await again(options.serverKills, killServer);
    const databaseBack = await again(options.databaseKills, killDatabase);
    await underLoad();
    await load.stop();
    return { counts: ledger.counts, problems: await ledger.compare(sql), serverBack, databaseBack };
  } finally {
    await server.kill();
    await sql.end({ timeout: 1 });
    await database.close();
  }
}

function isAhead(counts: LedgerCounts, before: LedgerCounts): boolean {
  const kinds = Object.keys(before) as (keyof LedgerCounts)[];
  return kinds.every((kind) => counts[kind] > before[kind]);
}

async function untilReady(url: string): Promise<void> {
  const isReady = () =>
    fetch(`${url}/readyz`)
      .then(({ ok }) => ok)
      .catch(() => false);
  await until(isReady, PATIENCE_MILLISECONDS);
}

/** An embedded PostgreSQL that keeps its address over a restart. */
async function openKillableDatabase(directory: string) {
  const start = () => startEmbeddedPostgres({ directory, log: () => undefined });
  let postgresServer = await start();
  const proxy: TcpProxy = await startTcpProxy(postgresServer.url);
  return {
    url: proxy.url,
    async kill() {
      const pidFile = await readFile(join(directory, "postgres", "postmaster.pid"), "utf8");
      process.kill(Number.parseInt(pidFile, 10), "SIGKILL");
      proxy.cut();
    },
    async restart() {
      postgresServer = await start();
      proxy.restore(postgresServer.url);
    },
    async close() {
      await proxy.close();
      await postgresServer.stop();
    },
  };
}
