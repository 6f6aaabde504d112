import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { type Client, createClient } from "../client.ts";
import { emptyFolder } from "../folders.ts";
import { ISSUER, TEST_SECRET } from "../gateway.ts";
import { highLimitsFile } from "../limits.ts";
import { bundled } from "./bundled.ts";

/** The built server, as it is. */
export const serverFile = fileURLToPath(new URL("../../../dist/main.js", import.meta.url));

export interface ServerProcess extends Client {
  readonly url: string;
  readonly pid: number;
  readonly output: () => string;
  /** Sends a message over the channel of `child_process.fork`, and waits for one to come back. */
  tell(message: number): Promise<void>;
  /** Sends a signal and waits for nothing. */
  signal(signal: NodeJS.Signals): void;
  /** Waits for the exit after a signal: a second one would hurry it. */
  exited(): Promise<number | NodeJS.Signals | null>;
  /** Sends a signal and waits for the exit. The exit code, or the signal that ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

interface ServerProcessOptions {
  readonly cwd?: string;
  /** What Node is to run instead of the built server, put together in a few files. */
  readonly program?: readonly string[];
}

/** The built server in a process of its own, on a free port; with an empty `GATEWAY_CONFIG`, within the limits of the product. */
export async function startServerProcess(env: Record<string, string>, options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const { cwd = emptyFolder(), program = [bundled("main.js")] } = options;
  const child = spawn(process.execPath, program, {
    cwd,
    env: { PATH: process.env.PATH, PORT: "0", LOG_FORMAT: "json", ISSUER, SECRET: TEST_SECRET, GATEWAY_CONFIG: highLimitsFile, ...env },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  let output = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const url = await listeningAddress(child, () => output);
  return {
    ...createClient(url),
    url,
    pid: child.pid ?? 0,
    output: () => output,
    async tell(message) {
      child.send(message);
      await once(child, "message");
    },
    signal: (signal) => void child.kill(signal),
    exited: () => exitOf(child),
    stop: (signal = "SIGTERM") => stop(child, signal),
  };
}

async function listeningAddress(child: ChildProcess, output: () => string): Promise<string> {
  for (;;) {
    const address = /"address":"(http:[^"]+)"/.exec(output())?.[1];
    if (address !== undefined) return address;
    if (child.exitCode !== null) throw new Error(`the server did not start: ${output()}`);
    await Promise.race([once(child, "exit"), once(child.stdout ?? child, "data")]);
  }
}

function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  return exitOf(child);
}

async function exitOf(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? child.signalCode;
}
