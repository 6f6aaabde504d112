import { accessSync, chmodSync, constants, mkdtempSync, rmSync, statfsSync } from "node:fs";
import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Linux keeps it in memory. */
const MEMORY = "/dev/shm";
/** What all databases of a run take at once, twice over. Containers often have 64 MiB there. */
const ROOM_BYTES = 2 * 1024 ** 3;

/** Where databases of tests lie: in memory, where there is room. On a disk, making one costs ten times as much. */
function chooseRoot(): string {
  try {
    accessSync(MEMORY, constants.W_OK);
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize < ROOM_BYTES ? tmpdir() : MEMORY;
  } catch {
    return tmpdir();
  }
}

/** A temporary folder that other accounts may enter: run as root, an embedded PostgreSQL keeps its data there under another one. */
export async function makeReachableFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(join(chooseRoot(), prefix));
  await chmod(folder, 0o755);
  return folder;
}

let made: string | undefined;

/**
 * An empty folder of this process, which goes with it. Programs that are started there find neither a contributor's `.env` nor their data.
 */
export function emptyFolder(): string {
  if (made !== undefined) return made;
  const folder = mkdtempSync(join(tmpdir(), "gateway-empty-"));
  chmodSync(folder, 0o755);
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  made = folder;
  return folder;
}
