import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { findFreePort } from "../../../src/dev-postgres/free-port.ts";
import { makeReachableFolder } from "../folders.ts";

export interface TestPgBouncer {
  /** The given database, through a PgBouncer in transaction mode. */
  readonly url: string;
  close(): Promise<void>;
}

const NOBODY = 65_534;

interface PgBouncerOptions {
  /** Absent: as Debian has it (1.18), which keeps no prepared statements. */
  readonly program?: string;
  /** How many prepared statements it keeps for each connection to the server; since 1.21. */
  readonly preparedStatements?: number;
}

/** A PgBouncer, which refuses what it does not know. */
export async function startPgBouncer(target: string, options: PgBouncerOptions = {}): Promise<TestPgBouncer> {
  const { program = "/usr/sbin/pgbouncer", preparedStatements } = options;
  const folder = await makeReachableFolder("gateway-pgbouncer-");
  const { hostname, port, username, password, pathname } = new URL(target);
  const listenPort = await findFreePort();
  const configuration = join(folder, "pgbouncer.ini");
  await writeFile(join(folder, "users"), `"${username}" ""\n`);
  await writeFile(
    configuration,
    `[databases]
${pathname.slice(1)} = host=${hostname} port=${port} user=${username} password=${decodeURIComponent(password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, "users")}
pool_mode = transaction
default_pool_size = 5
${preparedStatements === undefined ? "" : `max_prepared_statements = ${preparedStatements}\n`}`,
  );
  // It refuses to run as root.
  const account = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const child = spawn(program, [configuration], { ...account, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  while (!output.includes("process up")) {
    const [chunk] = await Promise.race([once(child.stderr, "data"), once(child, "exit").then(() => [undefined])]);
    if (chunk === undefined) throw new Error(`pgbouncer did not start: ${output}`);
    output += String(chunk);
  }
  child.stderr.resume();
  return {
    url: `postgres://${username}@127.0.0.1:${listenPort}${pathname}`,
    async close() {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
