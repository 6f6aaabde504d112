import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A temporary folder that other accounts may enter: run as root, an embedded PostgreSQL keeps its data there under another one. */
export async function makeReachableFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), prefix));
  await chmod(folder, 0o755);
  return folder;
}

let made: string | undefined;

/** An empty folder of this process, which goes with it. Programs that are started there find neither a contributor's `.env` nor their data. */
export function emptyFolder(): string {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), "gateway-empty-"));
  chmodSync(folder, 0o755);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  made = folder;
  return folder;
}
