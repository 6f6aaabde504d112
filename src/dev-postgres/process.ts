import { readFileSync } from "node:fs";

/** `pid` or, where the system tells when a process began, `pid@start`: after a restart of a container another process has the same pid. */
export type ProcessIdentity = string;

export function identifyProcess(pid: number): ProcessIdentity {
  const start = readProcessStat(pid)?.start;
  return start === undefined ? String(pid) : `${pid}@${start}`;
}

export function isProcessRunning(identity: ProcessIdentity): boolean {
  const [pid, start] = identity.split("@");
  if (!isRunning(Number(pid))) return false;
  const stat = readProcessStat(Number(pid));
  return stat === undefined || start === undefined || stat.start === start;
}

function isRunning(pid: number): boolean {
  // 0 and negative numbers mean process groups to kill(2).
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another account.
    return hasCode(error, "EPERM");
  }
  // A zombie answers signals; in a container nobody may ever collect it.
  return readProcessStat(pid)?.state !== "Z";
}

/** Linux, proc(5): what follows the command's name, which is in parentheses and may contain anything. */
function readProcessStat(pid: number): { state: string | undefined; start: string | undefined } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && "code" in error && codes.includes(String(error.code));
}
