import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCleanup } from "./cleanup.ts";
import { openBenchmarkDatabase } from "./database.ts";
import { readOptions } from "./options.ts";
import { compilePeers } from "./peers.ts";
import { pinProcess } from "./pinning.ts";
import { describeRun, printHeading, printScenario } from "./report.ts";
import { measureScenario } from "./rounds.ts";
import { createScenarios } from "./scenarios.ts";
import { startBarePeer, startGateway } from "./servers.ts";
import { registerUsers } from "./users.ts";

/** Core 0 belongs to the server under test; the load generator and, as our child, PostgreSQL get this one. */
const LOAD_CORE = 1;

const cleanup = createCleanup();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const isPinned = pinProcess(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), "gateway-bench-"));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  const peers = await compilePeers(join(directory, "peers"));
  const database = await cleanup.hold(openBenchmarkDatabase(directory), ({ close }) => close());
  describeRun(options, { isPinned, isEmbedded: database.isEmbedded });

  const gateway = await cleanup.hold(startGateway({ databaseUrl: database.url, directory }), ({ stop }) => stop());
  const peer = await cleanup.hold(startBarePeer(peers.bareApollo, { databaseUrl: database.url, directory }), ({ stop }) => stop());
  const users = await registerUsers(gateway.url, 32);
  const scenarios = createScenarios({ gateway, peer, users, rawArgon2: peers.rawArgon2 }).filter(
    ({ name }) => options.only.length === 0 || options.only.includes(name),
  );
  printHeading();
  for (const scenario of scenarios) printScenario(await measureScenario(scenario, options));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void cleanup.run().finally(() => process.exit(130)));

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => cleanup.run())
  .finally(() => process.exit());
