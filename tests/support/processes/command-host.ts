import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bundled } from "./bundled.ts";

/** All that a command is told. */
export interface CommandJob {
  readonly words: readonly string[];
  readonly env: Record<string, string>;
  readonly cwd: string;
  /** In base64. */
  readonly input: string;
}

export interface CommandResult {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const hostFile = fileURLToPath(new URL("./command-host-process.mjs", import.meta.url));

/** Hosts that wait for a command. They end with this process. */
const idle: ChildProcess[] = [];

/** Runs a command in a process that has run others, one at a time. */
export async function runInHost(job: CommandJob): Promise<CommandResult> {
  const host = idle.pop() ?? (await startHost());
  host.ref();
  host.channel?.ref();
  host.send(job);
  const result = (await nextMessage(host)) as CommandResult;
  host.unref();
  host.channel?.unref();
  idle.push(host);
  return result;
}

async function startHost(): Promise<ChildProcess> {
  const host = fork(hostFile, [bundled("cli/run-command-line.js"), bundled("start/process/explain-failure.js")], {
    env: { PATH: process.env.PATH },
    execArgv: [],
  });
  await nextMessage(host);
  return host;
}

/** Rejects where the host ends instead. */
function nextMessage(host: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown) => {
      host.off("exit", onExit);
      resolve(message);
    };
    const onExit = (code: number | null) => {
      host.off("message", onMessage);
      reject(new Error(`The host of commands ended with ${code}.`));
    };
    host.once("message", onMessage).once("exit", onExit);
  });
}
