import { type SpawnOptions, spawn } from "node:child_process";
import type { Account } from "./account.ts";

export interface ProgramResult {
  readonly succeeded: boolean;
  readonly output: string;
}

/**
 * Runs one of PostgreSQL's programs to its end, which the signal brings about. Never throws: that it could not be run is an output, too.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  account: Account | undefined,
  signal?: AbortSignal,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...programOptions(account), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString("utf8");
    };
    child.stdout?.on("data", collect);
    child.stderr?.on("data", collect);
    child.on("error", (error) => resolve({ succeeded: false, output: error.message }));
    const end = () => child.kill();
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    child.on("close", () => signal?.removeEventListener("abort", end));
    child.on("close", (code) => resolve({ succeeded: code === 0, output: output.trim() }));
  });
}

export function programOptions(account: Account | undefined): SpawnOptions {
  // The account may not be able to enter our own working directory, and PostgreSQL's programs look at theirs.
  return { ...account, cwd: "/", env: programEnvironment(), windowsHide: true };
}

/** Not our whole environment: that holds SECRET, and variables such as PGPORT would reconfigure the server. */
function programEnvironment(): NodeJS.ProcessEnv {
  const kept = ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "SystemRoot", "TEMP", "TMP"];
  // English messages, because we look for some of them.
  return { ...Object.fromEntries(kept.map((name) => [name, process.env[name]])), LC_ALL: "C", TZ: "UTC" };
}
