import { spawnSync } from "node:child_process";

interface Surroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly warn?: (line: string) => void;
}

/**
 * Whether there is a program on this machine that some tests need: without it they are skipped. Throws instead where `CI` is set, since
 * what is proven there must not depend on what happens to be installed.
 */
export function isInstalled(program: string, { env = process.env, warn = warnOnStderr }: Surroundings = {}): boolean {
  if (spawnSync(program, ["--version"]).status === 0) return true;
  const problem = `${program} is not installed (apt-get install ${program})`;
  if (env.CI !== undefined) throw new Error(`${problem}, and CI is set: no test may be skipped for that.`);
  warn(`${problem}: what needs it is skipped.`);
  return false;
}

function warnOnStderr(line: string): void {
  process.stderr.write(`${line}\n`);
}
