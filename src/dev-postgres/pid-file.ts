import { readlinkSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isProcessRunning } from "./process.ts";

export interface PidFile {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
  /** It waits for those who are connected, or rolls back what they do. */
  readonly isStopping: boolean;
}

/** `postmaster.pid`: what a server on the data folder tells about itself. Undefined when there is none, or it has died. */
export async function readPidFile(data: string): Promise<PidFile | undefined> {
  const text = await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "");
  // By line: pid, data folder, start, port, socket folder, address, shared memory, status.
  const lines = text.split("\n").map((line) => line.trim());
  const pid = Number(lines[0]);
  return isProcessRunning(String(pid))
    ? { pid, port: Number(lines[3]), isReady: lines[7] === "ready", isStopping: lines[7] === "stopping" }
    : undefined;
}

/**
 * PostgreSQL itself clears a file away whose process has died. But where another process has got that pid since (a container's pids begin
 * anew at each start), it would refuse to start for ever. Its working directory tells them apart, on Linux.
 */
export async function removePidFileOfStranger(data: string): Promise<void> {
  const file = await readPidFile(data);
  if (file === undefined) return;
  const workingDirectory = readWorkingDirectory(file.pid);
  if (workingDirectory !== undefined && workingDirectory !== data) await rm(join(data, "postmaster.pid"), { force: true });
}

function readWorkingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
