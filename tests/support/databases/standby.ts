import { execFile } from "node:child_process";
import { copyFile, mkdir, readdir, realpath, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { startEmbeddedPostgres } from "../../../src/dev-postgres/embedded-postgres.ts";
import { until } from "../until.ts";

const run = promisify(execFile);

/** A server of its own, in a folder of its own. */
export interface ClusterServer {
  readonly url: string;
  readonly directory: string;
  stop(): Promise<void>;
}

export interface Standby extends ClusterServer {
  /** Resolves once it can be written to. */
  promote(): Promise<void>;
}

export async function startCluster(directory: string): Promise<ClusterServer> {
  const server = await startEmbeddedPostgres({ directory, log: () => undefined });
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  // Programs are killed here, and no machine.
  await sql`alter system set fsync = off`;
  await sql`select pg_reload_conf()`;
  await sql.end();
  return { url: server.url, directory, stop: server.stop };
}

/** A server that follows the given one, which from now on acknowledges nothing that the standby does not have. */
export async function startStandby(primary: ClusterServer, directory: string): Promise<Standby> {
  const sql = postgres(primary.url, { max: 1, onnotice: () => undefined });
  const name = `standby_${Date.now()}`;
  await sql`select pg_create_physical_replication_slot(${name}, true)`;
  await copyData(sql, primary.directory, directory);
  await follow(primary.url, name, directory);
  const server = await startEmbeddedPostgres({ directory, log: () => undefined });
  await sql.unsafe(`alter system set synchronous_standby_names = '${name}'`);
  await sql`select pg_reload_conf()`;
  await until(
    async () => (await sql`select from pg_stat_replication where application_name = ${name} and sync_state = 'sync'`).length === 1,
    30_000,
  );
  await sql.end();
  return { url: server.url, directory, stop: server.stop, promote: () => promote(server.url) };
}

/** As pg_basebackup does, which the packages of npm leave out. */
async function copyData(sql: postgres.Sql, source: string, target: string): Promise<void> {
  const data = join(target, "postgres");
  await mkdir(target, { recursive: true });
  await copyFile(join(source, "postgres-password"), join(target, "postgres-password"));
  await sql`select pg_backup_start('standby', true)`;
  await run("cp", ["-a", await realpath(join(source, "postgres")), data]).catch(unlessVanished);
  const [stopped] = await sql`select labelfile from pg_backup_stop(false)`;
  await writeLike(data, "backup_label", String(stopped?.labelfile));
  await rm(join(data, "postmaster.pid"));
  for (const folder of ["pg_replslot", "pg_wal"]) {
    const files = (await readdir(join(data, folder), { withFileTypes: true })).filter(
      (entry) => entry.isFile() || folder === "pg_replslot",
    );
    for (const { name } of files) await rm(join(data, folder, name), { recursive: true });
  }
}

/** What is written meanwhile stands in the log, which the standby reads from where the copying began. */
function unlessVanished(error: unknown): void {
  const lines = String(error instanceof Error && "stderr" in error ? error.stderr : error)
    .trim()
    .split("\n");
  if (!lines.every((line) => line.includes("No such file or directory"))) throw error;
}

async function follow(url: string, name: string, directory: string): Promise<void> {
  const { hostname, port, username, password } = new URL(url);
  const settings = {
    primary_conninfo: `host=${hostname} port=${port} user=${username} password=${password} application_name=${name}`,
    primary_slot_name: name,
    synchronous_standby_names: "",
    fsync: "off",
  };
  const lines = Object.entries(settings).map(([setting, value]) => `${setting} = '${value}'\n`);
  await writeLike(join(directory, "postgres"), "postgresql.auto.conf", lines.join(""));
  await writeLike(join(directory, "postgres"), "standby.signal", "");
}

/** A file of the cluster's, whoever that belongs to. */
async function writeLike(data: string, name: string, text: string): Promise<void> {
  const file = join(data, name);
  await run("cp", ["-a", join(data, "PG_VERSION"), file]);
  await writeFile(file, text);
}

async function promote(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  await sql`select pg_promote(true, 60)`;
  await until(async () => (await sql`select pg_is_in_recovery() as follows`)[0]?.follows === false, 10_000);
  await sql.end();
}
