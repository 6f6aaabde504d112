import { once } from "node:events";
import { type FileHandle, open, rename, stat, unlink } from "node:fs/promises";
import { reasonOf } from "../../config/values/file-problems.ts";
import { CommandError } from "./command-error.ts";

/** Where users are written to. */
export interface UsersOutput {
  /** Resolves once the next lines may come. */
  write(lines: string): Promise<void>;
  /** Only now it has its name. */
  finish(): Promise<void>;
  /** Leaves nothing behind. */
  abandon(): Promise<void>;
}

/** A new file, which its owner alone may read. It has its name once it is complete: half an export looks like a whole one. */
export async function openUsersFile(path: string): Promise<UsersOutput> {
  if (await exists(path)) throw new CommandError(`--output names a file that is there already: ${path}`);
  const unfinished = `${path}.unfinished`;
  const file = await create(unfinished);
  return {
    write: (lines) => file.appendFile(lines),
    async finish() {
      await file.sync();
      await file.close();
      if (await exists(path)) throw new CommandError(`A file of this name has come meanwhile: ${path}`);
      await rename(unfinished, path);
    },
    async abandon() {
      await file.close();
      await unlink(unfinished);
    },
  };
}

async function create(path: string): Promise<FileHandle> {
  return open(path, "wx", 0o600).catch((cause: NodeJS.ErrnoException) => {
    const isThere = cause.code === "EEXIST";
    throw new CommandError(
      isThere
        ? `An export to this file is under way, or was cut off and left this behind; then remove it: ${path}`
        : `--output cannot be written: ${path} (${reasonOf(cause)})`,
      { cause },
    );
  });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/** Not to a terminal, which keeps what it has shown. */
export function openStandardOutput(output: NodeJS.WriteStream): UsersOutput {
  if (output.isTTY) throw new CommandError("The hashes of the passwords are no sight for a terminal: give --output FILE, or pipe it on.");
  const closed = new Promise<never>((_resolve, reject) => {
    output.on("error", (cause) => reject(new CommandError("Standard output was closed before everything was written.", { cause })));
  });
  closed.catch(() => undefined);
  return {
    async write(lines) {
      if (!output.write(lines)) await Promise.race([once(output, "drain"), closed]);
    },
    finish: async () => undefined,
    abandon: async () => undefined,
  };
}
