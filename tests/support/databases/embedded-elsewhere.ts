import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import postgres from "postgres";

/** Another gateway process, of the built server: it prints the URL, holds, and stops the database at the end of its input. */
export function startElsewhere(folder: string): ChildProcess {
  const module = new URL("../../../dist/dev-postgres/embedded-postgres.js", import.meta.url).href;
  const code = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const database = await startEmbeddedPostgres({ directory: ${JSON.stringify(join(folder, "data"))}, log() {} });
    console.log(database.url);
    process.stdin.on("end", () => database.stop().then(() => process.exit(0))).resume();
  `;
  return spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["pipe", "pipe", "inherit"] });
}

export async function urlOf(child: ChildProcess): Promise<string> {
  const [chunk] = child.stdout === null ? [] : await once(child.stdout, "data");
  return String(chunk).trim();
}

export async function end(child: ChildProcess, how: "SIGKILL" | "stop"): Promise<void> {
  const exited = once(child, "exit");
  if (how === "stop") child.stdin?.end();
  else child.kill(how);
  await exited;
}

export async function run<Row extends object>(url: string, statement: string): Promise<readonly Row[]> {
  const sql = postgres(url, { max: 1, fetch_types: false, onnotice: () => undefined });
  try {
    return await sql.unsafe<Row[]>(statement);
  } finally {
    await sql.end({ timeout: 1 });
  }
}
