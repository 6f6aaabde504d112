import { unwatchFile, watchFile as watch } from "node:fs";

const EVERY_MILLISECONDS = 1000;

/**
 * Calls back after the file has changed, until it is told to stop. By looking at it again and again: volumes of orchestrators change files
 * by swapping links, which notifications of the system do not tell.
 */
export function watchFile(path: string, changed: () => Promise<void>): () => void {
  let pending = Promise.resolve();
  const listener = (
    now: { readonly mtimeMs: number; readonly ino: number },
    before: { readonly mtimeMs: number; readonly ino: number },
  ) => {
    if (now.mtimeMs === 0 || (now.mtimeMs === before.mtimeMs && now.ino === before.ino)) return;
    pending = pending.then(changed);
  };
  watch(path, { interval: EVERY_MILLISECONDS, persistent: false }, listener);
  return () => unwatchFile(path, listener);
}
