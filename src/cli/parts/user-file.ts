import { createHash } from "node:crypto";
import type { Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { UserFile } from "../../auth/transfer/import-users.ts";
import { reasonOf } from "../../config/values/file-problems.ts";
import { CommandError } from "./command-error.ts";

/** An open file of users, as long as it was when it was opened. */
export interface OpenUserFile extends UserFile {
  readonly facts: Stats;
  /** How much of it has been given out, from 0 to 1. */
  share(): number;
  close(): Promise<void>;
}

const CHUNK_BYTES = 256 * 1024;

/** Reads it once to know it by its hash; `chunks` reads it again, and throws where it has changed between. */
export async function openUserFile(path: string): Promise<OpenUserFile> {
  const handle = await open(path, "r").catch((cause: unknown) => {
    throw new CommandError(`FILE cannot be read: ${path} (${reasonOf(cause)})`, { cause });
  });
  const facts = await handle.stat();
  if (!facts.isFile()) {
    await handle.close();
    throw new CommandError(`FILE has to be a file, because it is read twice: ${path}`);
  }
  const hash = createHash("sha256");
  for await (const chunk of read(handle, facts.size)) hash.update(chunk);
  const expected = hash.digest("hex");
  let given = 0;

  async function* readAgain(): AsyncGenerator<Buffer> {
    const again = createHash("sha256");
    for await (const chunk of read(handle, facts.size)) {
      again.update(chunk);
      given += chunk.length;
      yield chunk;
    }
    if (again.digest("hex") !== expected) throw new CommandError("FILE was changed while it was read. Run the same command again.");
  }
  return {
    hash: expected,
    chunks: readAgain(),
    facts,
    share: () => (facts.size === 0 ? 1 : given / facts.size),
    close: () => handle.close(),
  };
}

async function* read(handle: FileHandle, size: number): AsyncGenerator<Buffer> {
  if (size === 0) return;
  yield* handle.createReadStream({ start: 0, end: size - 1, highWaterMark: CHUNK_BYTES, autoClose: false });
}
