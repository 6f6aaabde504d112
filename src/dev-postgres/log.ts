import { open, readFile, rename, stat } from "node:fs/promises";
import { hasCode } from "./process.ts";

/** The file that a server writes its log to, and what has been added since it was opened. */
export interface ServerLog {
  readonly fd: number;
  readNewLines(): Promise<string[]>;
  close(): Promise<void>;
}

const largestSize = 10 * 1_024 * 1_024;

/** Starts a new file when it has grown large, and keeps one old one. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const size = await sizeOf(path);
  if (size > largestSize) await rename(path, `${path}.old`);
  const start = size > largestSize ? 0 : size;
  const file = await open(path, "a", 0o600);
  return {
    fd: file.fd,
    readNewLines: async () => (await readFile(path)).subarray(start).toString("utf8").trim().split("\n"),
    close: () => file.close(),
  };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}
