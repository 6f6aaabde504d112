import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cleanup, createCleanup } from "./cleanup.ts";
import { judgeScenario } from "./judge-scenario.ts";
import { openBenchmarkDatabase } from "./machine/database.ts";
import { compilePeers, type Peers } from "./machine/peers.ts";
import { LOAD_CORE, pinProcess } from "./machine/pinning.ts";
import { startBarePeer, startGateway } from "./machine/servers.ts";
import { registerUsers } from "./machine/users.ts";
import { type Options, readOptions } from "./options.ts";
import { describeRun, printHeading, printScenario } from "./report.ts";
import { measureScenario } from "./rounds.ts";
import { createScenarios, type ScenarioName, scenarioNames } from "./scenarios.ts";
import { runStudy, type StudyName, studiesByNameOnly, studyNames } from "./studies.ts";
import { printVerdicts, type Verdict } from "./verdicts.ts";

const cleanup = createCleanup();

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const isPinned = pinProcess(process.pid, LOAD_CORE);
  const directory = await mkdtemp(join(tmpdir(), "gateway-bench-"));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  const peers = await compilePeers(join(directory, "peers"));
  const database = await cleanup.hold(openBenchmarkDatabase(directory), ({ close }) => close());
  describeRun(options, { isPinned, isEmbedded: database.isEmbedded });
  const surroundings = { databaseUrl: database.url, directory, peers };
  const verdicts: Verdict[] = [];
  if (scenarioNames.some((name) => isWanted(name, options))) {
    verdicts.push(...(await apart((own) => compare(options, { ...surroundings, cleanup: own }))));
  }
  for (const name of studyNames.filter((name) => isWanted(name, options))) {
    const ground = (own: Cleanup) => ({ serverUrl: database.url, directory, cleanup: own });
    verdicts.push(...(await apart((own) => runStudy(name, ground(own), { ...options, ...peers }))));
  }
  printVerdicts(verdicts);
}

interface Surroundings {
  readonly databaseUrl: string;
  readonly directory: string;
  readonly peers: Peers;
  readonly cleanup: Cleanup;
}

function isWanted(name: ScenarioName | StudyName, { only }: Options): boolean {
  return only.length === 0 ? !studiesByNameOnly.has(name) : only.includes(name);
}

async function compare(options: Options, { databaseUrl, directory, peers, cleanup }: Surroundings): Promise<Verdict[]> {
  const gateway = await cleanup.hold(startGateway({ databaseUrl, directory }), ({ stop }) => stop());
  const peer = await cleanup.hold(startBarePeer(peers.bareApollo, { databaseUrl, directory }), ({ stop }) => stop());
  const users = await registerUsers(gateway.url, 32);
  const scenarios = createScenarios({ gateway, peer, users, rawArgon2: peers.rawArgon2 }).filter(({ name }) => isWanted(name, options));
  printHeading();
  const verdicts: Verdict[] = [];
  for (const scenario of scenarios) {
    const outcome = await measureScenario(scenario, options);
    printScenario(outcome);
    verdicts.push(judgeScenario(scenario.name, outcome));
  }
  process.stdout.write("\n");
  return verdicts;
}

/** Its servers are gone before the next figures are taken. */
async function apart<Result>(work: (own: Cleanup) => Promise<Result>): Promise<Result> {
  const own = createCleanup();
  cleanup.add(own.run);
  const result = await work(own);
  await own.run();
  return result;
}

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void cleanup.run().finally(() => process.exit(130)));

main()
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  })
  .finally(() => cleanup.run())
  .finally(() => process.exit());
