import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { openSoleConnection } from "../database/sole-connection.ts";
import type { Binaries } from "./binaries.ts";
import type { Cluster } from "./cluster.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { findFreePort } from "./free-port.ts";
import { openServerLog, type ServerLog } from "./log.ts";
import { readPidFile, removePidFileOfStranger } from "./pid-file.ts";
import { hasCode, identifyProcess, isProcessRunning, type ProcessIdentity } from "./process.ts";
import { programOptions } from "./program.ts";

/** A running PostgreSQL that has answered. */
export interface Server {
  readonly process: ProcessIdentity;
  readonly url: string;
}

interface LaunchOptions {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly logFile: string;
}

/** Enough for the recovery after a crash under load. */
const startPatienceMilliseconds = 60_000;
/** One that rolls back what is under way is gone by then. */
const stoppingPatienceMilliseconds = 2000;
const fastShutdownMilliseconds = 10_000;
const pollMilliseconds = 20;

/** The server that runs on the cluster already: of another process, or of one that was killed. */
export async function adoptServer(cluster: Cluster): Promise<Server | undefined> {
  await removePidFileOfStranger(cluster.data);
  const pidFile = await readPidFile(cluster.data);
  return pidFile === undefined ? undefined : untilReady(cluster, identifyProcess(pidFile.pid));
}

/** Starts a server; again, on another port, where somebody was faster to take the port that was free. */
export async function launchServer({ cluster, binaries, logFile }: LaunchOptions): Promise<Server> {
  const attempts = 10;
  for (let attempt = 1; ; attempt++) {
    const log = await openServerLog(logFile);
    const server = await launchOnce(cluster, binaries, log).finally(() => log.close());
    if (server !== undefined) return server;
    const lines = await log.readNewLines();
    if (attempt === attempts || !isPassing(lines)) {
      throw new EmbeddedPostgresError(
        `PostgreSQL did not start on ${cluster.data}. The end of ${logFile}:\n${lines.slice(-15).join("\n")}`,
      );
    }
    await sleep(100 * attempt);
  }
}

/** A port that was taken meanwhile, or the last work of a server whose main process was killed. */
function isPassing(lines: readonly string[]): boolean {
  return lines.some((line) => /could not bind|could not create any TCP\/IP sockets|pre-existing shared memory block/.test(line));
}

async function launchOnce(cluster: Cluster, binaries: Binaries, log: ServerLog): Promise<Server | undefined> {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: String(await findFreePort()),
    unix_socket_directories: "",
    max_connections: "300",
    timezone: "UTC",
    log_timezone: "UTC",
  };
  const args = ["-D", cluster.data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
  // A process group of its own, or Ctrl-C would stop the database before the gateway has drained. No pipes, or it would die with us.
  const child = spawn(binaries.postgres, args, { ...programOptions(cluster.account), detached: true, stdio: ["ignore", log.fd, log.fd] });
  const failure = once(child, "error").then(([error]) => Promise.reject(error));
  child.unref();
  if (child.pid === undefined) return failure;
  failure.catch(() => undefined);
  return untilReady(cluster, identifyProcess(child.pid));
}

/** Undefined: it has ended instead. */
async function untilReady(cluster: Cluster, process: ProcessIdentity): Promise<Server | undefined> {
  const startedAt = Date.now();
  while (Date.now() < startedAt + startPatienceMilliseconds) {
    if (!isProcessRunning(process)) return undefined;
    const pidFile = await readPidFile(cluster.data);
    if (pidFile?.isStopping && Date.now() > startedAt + stoppingPatienceMilliseconds) throw stillStopping(pidFile.pid, cluster);
    if (pidFile?.isReady && identifyProcess(pidFile.pid) === process) {
      const url = `postgres://postgres:${cluster.password}@127.0.0.1:${pidFile.port}/postgres`;
      if (await answers(url, cluster)) return { process, url };
    }
    await sleep(pollMilliseconds);
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL (process ${process}) on ${cluster.data} has not become ready within a minute. It may be recovering.`,
  );
}

function stillStopping(pid: number, { data }: Cluster): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `PostgreSQL (process ${pid}) on ${data} is shutting down, and waits for those who are connected. Stop them, or it ` +
      `(kill -INT ${pid}), and try again.`,
  );
}

async function answers(url: string, cluster: Cluster): Promise<boolean> {
  const { sql, close } = openSoleConnection(url, { applicationName: "graphql-auth-gateway" });
  try {
    await sql`select 1`;
    return true;
  } catch (error) {
    if (!hasCode(error, "28P01")) return false;
    throw new EmbeddedPostgresError(`PostgreSQL on ${cluster.data} refuses the password in postgres-password. Restore that file.`, {
      cause: error,
    });
  } finally {
    close();
  }
}

/** Fast: open transactions are rolled back. After ten seconds immediate: the next start recovers. Nothing committed is lost either way. */
export async function shutDownServer(server: Server): Promise<void> {
  for (const signal of ["SIGINT", "SIGQUIT"] as const) {
    signalProcess(server.process, signal);
    if (await untilEnded(server.process)) return;
  }
  throw new EmbeddedPostgresError(`PostgreSQL (process ${server.process}) does not stop.`);
}

function signalProcess(identity: ProcessIdentity, signal: "SIGINT" | "SIGQUIT"): void {
  if (!isProcessRunning(identity)) return;
  try {
    process.kill(Number.parseInt(identity, 10), signal);
  } catch (error) {
    if (!hasCode(error, "ESRCH")) throw error;
  }
}

async function untilEnded(identity: ProcessIdentity): Promise<boolean> {
  const deadline = Date.now() + fastShutdownMilliseconds;
  while (isProcessRunning(identity)) {
    if (Date.now() > deadline) return false;
    await sleep(pollMilliseconds);
  }
  return true;
}
