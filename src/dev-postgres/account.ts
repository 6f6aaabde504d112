import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { EmbeddedPostgresError } from "./error.ts";

/** Who runs PostgreSQL. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** What root keeps for an account that cannot reach the project's own folder, because that lies under /root for example. */
const systemFolder = "/var/lib/graphql-auth-gateway";

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** PostgreSQL refuses to run as root, so root lends it an account that exists already. Undefined: it runs as we do. */
export async function chooseAccount(): Promise<Account | undefined> {
  if (!isRoot()) return undefined;
  const accounts = parsePasswd(await readFile("/etc/passwd", "utf8").catch(() => ""));
  const account = accounts.get("postgres") ?? accounts.get("nobody");
  if (account !== undefined) return account;
  throw new EmbeddedPostgresError(
    "PostgreSQL refuses to run as root, and this machine has neither an account `postgres` nor `nobody` to run it under. " +
      "Start the gateway as an ordinary user, or set DATABASE_URL.",
  );
}

function parsePasswd(text: string): Map<string, Account> {
  const lines = text.split("\n").map((line) => line.split(":"));
  const accounts = lines.map(([name = "", , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }] as const);
  return new Map(accounts.filter(([, account]) => account.uid > 0));
}

/** Whether the account may go into the folder and through all those above it. */
export async function canReach(account: Account | undefined, folder: string): Promise<boolean> {
  if (account === undefined) return true;
  const { mode, uid, gid } = await stat(folder);
  const searchable = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
  if ((mode & searchable) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || canReach(account, parent);
}

/** Root's own folder, which every account can go through. */
export async function openSystemFolder(): Promise<string> {
  try {
    await mkdir(systemFolder, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw new EmbeddedPostgresError(
      `PostgreSQL cannot run as root, its account cannot reach this project's folder, and ${systemFolder} cannot be made. ` +
        "Move the project to a place that everyone can reach (not under /root), or set DATABASE_URL.",
      { cause: error },
    );
  }
  return systemFolder;
}
