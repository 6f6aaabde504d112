import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { findFreePort } from "../../src/dev-postgres/free-port.ts";
import { highLimitsFile } from "../../tests/support/limits.ts";
import { pinnedCommand } from "./pinning.ts";

export const SERVER_CORE = 0;
const START_PATIENCE_MILLISECONDS = 20_000;

export interface Server {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

interface Surroundings {
  readonly databaseUrl: string;
  /** Where its log goes, and where it runs: no `gateway.yaml` of the developer's is found there. */
  readonly directory: string;
  /** Absent: the one of the server under test. */
  readonly core?: number;
}

/** The built server, as in production; with variables of its own where there are several. */
export function startGateway(surroundings: Surroundings, variables: Record<string, string> = {}): Promise<Server> {
  const main = fileURLToPath(new URL("../../dist/main.js", import.meta.url));
  const secret = randomBytes(48).toString("base64");
  return startServer("gateway", [process.execPath, main], surroundings, {
    SECRET: secret,
    LOG_LEVEL: "info",
    HOST: "127.0.0.1",
    GATEWAY_CONFIG: highLimitsFile,
    ...variables,
  });
}

export function startBarePeer(program: string, surroundings: Surroundings): Promise<Server> {
  return startServer("bare-apollo", [process.execPath, program], surroundings, {});
}

export interface PeerProgram {
  readonly name: string;
  /** Compiled. */
  readonly program: string;
  /** Absent: the one of the server under test. */
  readonly core?: number;
  readonly variables?: Record<string, string>;
}

/** A server that needs no database. */
export function startPeer({ name, program, core, variables = {} }: PeerProgram, directory: string): Promise<Server> {
  return startServer(name, [process.execPath, program], { databaseUrl: "", directory, ...(core !== undefined && { core }) }, variables);
}

async function startServer(
  name: string,
  command: readonly string[],
  { databaseUrl, directory, core = SERVER_CORE }: Surroundings,
  variables: Record<string, string>,
): Promise<Server> {
  const port = await findFreePort();
  const logFile = join(directory, `${name}.log`);
  const env = { PORT: String(port), PUBLIC_URL: `http://localhost:${port}`, DATABASE_URL: databaseUrl, ...variables };
  const child = spawnPinned(pinnedCommand(core, command), { directory, logFile, env });
  const url = `http://127.0.0.1:${port}`;
  const stop = () => killProcess(child);
  if (await answers(url, child)) return { url, pid: child.pid ?? 0, stop };
  await stop();
  throw new Error(`${name} did not start:\n${readFileSync(logFile, "utf8").slice(-2000)}`);
}

function spawnPinned(
  command: readonly string[],
  options: { directory: string; logFile: string; env: Record<string, string> },
): ChildProcess {
  const [program = "", ...args] = command;
  const log = openSync(options.logFile, "w");
  const env = { PATH: process.env.PATH, NODE_ENV: "production", ...options.env };
  const child = spawn(program, args, { cwd: options.directory, env, stdio: ["ignore", log, log] });
  closeSync(log);
  return child;
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_PATIENCE_MILLISECONDS;
  const body = JSON.stringify({ query: "{ __typename }" });
  while (Date.now() < deadline && child.exitCode === null) {
    const response = await fetch(`${url}/graphql`, { method: "POST", headers: { "content-type": "application/json" }, body }).catch(
      () => undefined,
    );
    if (response?.ok) return true;
    await sleep(50);
  }
  return false;
}

/** Nothing that it still holds matters: the database goes, too. */
async function killProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}
