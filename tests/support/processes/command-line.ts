import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { emptyFolder } from "../folders.ts";
import { bundled } from "./bundled.ts";
import { type CommandResult, runInHost } from "./command-host.ts";

/** The built command line. */
export const commandFile = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

export interface CommandOptions {
  readonly env?: Record<string, string>;
  /** What is piped to it. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** On a busy machine PostgreSQL can take longer to let somebody in than the 5 seconds that a command gives it. */
const patient = { PGCONNECT_TIMEOUT: "60" };

/** Runs a command to its end, in a process where others ran before. */
export function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd = emptyFolder(), input = "" } = options;
  const env = { ...patient, ...options.env };
  return runInHost({ words, env, cwd, input: Buffer.from(input).toString("base64") });
}

/** Runs a command in a process of its own, which has to end by itself. */
export function runCommandAlone(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runProgram([commandFile, ...words], options);
}

/** The built server, where it is expected to give up. */
export function failToStart(env: Record<string, string>): Promise<CommandResult> {
  return runProgram([bundled("main.js")], { env: { PORT: "0", ...env } });
}

function runProgram(words: readonly string[], { env, input = "", cwd = emptyFolder() }: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { env: { PATH: process.env.PATH, ...patient, ...env }, cwd, timeout: 300_000 });
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].on("data", (chunk: Buffer) => {
        output[name] += chunk.toString();
      });
    }
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal, ...output }));
    // A command that refuses its arguments reads nothing.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}
