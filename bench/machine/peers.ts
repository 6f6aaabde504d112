import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export interface Peers {
  readonly bareApollo: string;
  readonly rawArgon2: string;
  readonly revocationHeap: string;
  readonly keyMemory: string;
  /** What the benchmark of gateways compares, and what stands behind them. */
  readonly gateways: Readonly<Record<GatewayPeer, string>>;
}

const gatewayPeers = [
  "catalogue-upstream",
  "pass-through",
  "forwarding-apollo",
  "stitching-apollo",
  "mercurius-gateway",
  "hive-gateway",
] as const;
export type GatewayPeer = (typeof gatewayPeers)[number];

const projectFolder = fileURLToPath(new URL("../..", import.meta.url));

/**
 * Compiles the programs that the gateway is compared with, and one that weighs a part of it, as it is compiled itself. Under tsx they would
 * be a tenth slower than they are: its hook runs at every `require`, and Apollo Server has one in the path of every request.
 */
export async function compilePeers(outDir: string): Promise<Peers> {
  const compiler = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  const project = join(projectFolder, "bench/peers");
  await promisify(execFile)(process.execPath, [compiler, "-p", project, "--outDir", outDir]);
  await writeFile(join(outDir, "package.json"), JSON.stringify({ type: "module" }));
  await symlink(join(projectFolder, "node_modules"), join(outDir, "node_modules"));
  const compiled = join(outDir, "bench/peers");
  const programOf = (name: string) => join(compiled, `${name}.js`);
  return {
    bareApollo: programOf("bare-apollo"),
    rawArgon2: programOf("raw-argon2"),
    revocationHeap: programOf("revocation-heap"),
    keyMemory: programOf("key-memory"),
    gateways: Object.fromEntries(gatewayPeers.map((name) => [name, programOf(name)])) as Peers["gateways"],
  };
}
