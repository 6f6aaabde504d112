import { spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import postgres from "postgres";
import { chooseAccount } from "../../../src/dev-postgres/account.ts";
import { prepareBinaries } from "../../../src/dev-postgres/binaries.ts";
import { openCluster } from "../../../src/dev-postgres/cluster.ts";
import { findFreePort } from "../../../src/dev-postgres/free-port.ts";
import { programOptions } from "../../../src/dev-postgres/program.ts";
import { until } from "../until.ts";

export interface OwnPostgres {
  readonly password: string;
  readonly port: number;
  /** Where its Unix socket is. */
  readonly socketFolder: string;
  /** As its superuser, over TCP without TLS. */
  readonly sql: postgres.Sql;
  /** Makes a file its own, which it refuses to read otherwise. */
  own(file: string): Promise<void>;
  stop(): Promise<void>;
}

/** A PostgreSQL of the test's, at IPv4, IPv6 and a Unix socket, with rules of its own about who may come in how. */
export async function startOwnPostgres(directory: string, rules: readonly string[]): Promise<OwnPostgres> {
  await mkdir(directory, { recursive: true });
  const account = await chooseAccount();
  const binaries = await prepareBinaries(account);
  const cluster = await openCluster({ directory, binaries, account });
  const socketFolder = join(directory, "sockets");
  const rulesFile = join(directory, "hba.conf");
  const own = (file: string) => (account === undefined ? Promise.resolve() : chown(file, account.uid, account.gid));
  await mkdir(socketFolder);
  await writeFile(rulesFile, `${rules.join("\n")}\n`);
  await Promise.all([own(socketFolder), own(rulesFile)]);
  const port = await findFreePort();
  const settings = [
    `listen_addresses=127.0.0.1,::1`,
    `port=${port}`,
    `unix_socket_directories=${socketFolder}`,
    `hba_file=${rulesFile}`,
    "fsync=off",
  ];
  const child = spawn(binaries.postgres, ["-D", cluster.data, ...settings.flatMap((setting) => ["-c", setting])], {
    ...programOptions(account),
    stdio: "ignore",
  });
  const sql = postgres(`postgres://postgres:${cluster.password}@127.0.0.1:${port}/postgres`, { max: 1, onnotice: () => undefined });
  await until(
    () =>
      sql`select 1`.then(
        () => true,
        () => child.exitCode !== null,
      ),
    30_000,
  );
  return {
    password: cluster.password,
    port,
    socketFolder,
    sql,
    own,
    async stop() {
      await sql.end();
      const exited = once(child, "exit");
      child.kill("SIGQUIT");
      await exited;
    },
  };
}
