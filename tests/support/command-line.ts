import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { emptyFolder } from "./folders.ts";

/** The built command line. */
export const commandFile = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const mainFile = fileURLToPath(new URL("../../dist/main.js", import.meta.url));

export interface CommandResult {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly env?: Record<string, string>;
  /** What is piped to it. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** Runs a command in a process of its own, to its end. */
export function runCommand(words: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runProgram([commandFile, ...words], options);
}

/** The built server, where it is expected to give up. */
export function failToStart(env: Record<string, string>): Promise<CommandResult> {
  return runProgram([mainFile], { env: { PORT: "0", ...env } });
}

function runProgram(words: readonly string[], { env, input = "", cwd = emptyFolder() }: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { env: { PATH: process.env.PATH, ...env }, cwd, timeout: 300_000 });
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
