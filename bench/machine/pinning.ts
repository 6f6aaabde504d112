import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";

/** Core 0 belongs to the server under test; the load generator, as our child PostgreSQL, and what stands behind gateways get this one. */
export const LOAD_CORE = 1;

/** Two cores and `taskset` (util-linux): without them everything competes with everything, and figures mean less. */
const canPin = availableParallelism() > 1 && spawnSync("taskset", ["--version"]).status === 0;

/** Binds all threads of a running process to a core; children that it starts later inherit that. False where it cannot be. */
export function pinProcess(pid: number, core: number): boolean {
  return canPin && spawnSync("taskset", ["-a", "-c", "-p", String(core), String(pid)]).status === 0;
}

/** The command that runs `command` on a core. `taskset` replaces itself by it, so the process id stays. */
export function pinnedCommand(core: number, command: readonly string[]): readonly string[] {
  return canPin ? ["taskset", "-c", String(core), ...command] : command;
}

/** Processor time that a process has used, in seconds; undefined where there is no proc(5). Its clock ticks 100 times a second. */
export function processorSeconds(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [user = 0, system = 0] = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .slice(11, 13)
      .map(Number);
    return (user + system) / 100;
  } catch {
    return undefined;
  }
}
