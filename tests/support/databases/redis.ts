import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { createClient } from "@redis/client";
import { findFreePort } from "../../../src/dev-postgres/free-port.ts";
import { isInstalled } from "../installed.ts";

export const hasRedis = isInstalled("redis-server");

export interface TestRedis {
  readonly url: string;
  start(): Promise<void>;
  /** As a power cut would. */
  kill(): Promise<void>;
  /** Neither answers nor closes its connections, until it is resumed. */
  freeze(): void;
  resume(): void;
  /** Goes on answering, and refuses to write: as a replica does, or one without memory. */
  refuseWrites(): Promise<void>;
  takeWrites(): Promise<void>;
  /** How many scripts it has refused or failed to run since it started. */
  failedScripts(): Promise<number>;
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

  const url = `redis://127.0.0.1:${port}`;

  async function command(...words: readonly string[]): Promise<string> {
    const client = await createClient({ url }).connect();
    return client.sendCommand<string>([...words]).finally(() => client.close());
  }

  await start();
  return {
    url,
    start,
    kill,
    freeze: () => void child?.kill("SIGSTOP"),
    resume: () => void child?.kill("SIGCONT"),
    refuseWrites: async () => void (await command("CONFIG", "SET", "min-replicas-to-write", "1")),
    takeWrites: async () => void (await command("CONFIG", "SET", "min-replicas-to-write", "0")),
    async failedScripts() {
      const statistics = await command("INFO", "commandstats");
      const lines = statistics.split("\r\n").filter((line) => line.startsWith("cmdstat_eval"));
      return lines.reduce(
        (sum, line) => sum + Number(/failed_calls=(\d+)/.exec(line)?.[1]) + Number(/rejected_calls=(\d+)/.exec(line)?.[1]),
        0,
      );
    },
  };
}
