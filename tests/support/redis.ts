import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { tmpdir } from "node:os";

export const hasRedis = spawnSync("redis-server", ["--version"]).status === 0;
if (!hasRedis) process.stderr.write("redis-server is not installed: what needs it is skipped (apt-get install redis-server)\n");

export interface TestRedis {
  readonly url: string;
  start(): Promise<void>;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Neither answers nor closes its connections, until it is resumed. */
  freeze(): void;
  resume(): void;
}

/** A real Redis on a port of its own, which stays the same over restarts; started. */
export async function startTestRedis(): Promise<TestRedis> {
  const port = await findFreePort();
  let child: ChildProcess | undefined;

  async function start(): Promise<void> {
    const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", tmpdir()];
    const server = spawn("redis-server", flags, { stdio: ["ignore", "pipe", "inherit"] });
    child = server;
    let output = "";
    while (!output.includes("Ready to accept connections")) {
      const [chunk] = await Promise.race([once(server.stdout, "data"), once(server, "exit").then(() => [undefined])]);
      if (chunk === undefined) throw new Error(`redis-server did not start: ${output}`);
      output += String(chunk);
    }
    server.stdout.resume();
  }

  async function kill(): Promise<void> {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill("SIGKILL");
    await exited;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return address !== null && typeof address === "object" ? address.port : 0;
}
