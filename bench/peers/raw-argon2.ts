import { availableParallelism } from "node:os";
import { performance } from "node:perf_hooks";
import { loadNodeRsEngine } from "../../src/auth/passwords/password-engine.ts";

/*
 * How many passwords a second this process's cores can verify when they do nothing else, with the gateway's own engine and
 * parameters, one at a time per core. Usage: raw-argon2.ts <seconds>; prints a round.
 */

const seconds = Number(process.argv[2]);
const engine = await loadNodeRsEngine();
const hash = await engine.hash("a long walk by the sea");
let verified = 0;

async function verifyUntil(deadline: number): Promise<void> {
  while (performance.now() < deadline) {
    if (!(await engine.verify(hash, "a long walk by the sea"))) throw new Error("the password does not fit");
    verified += 1;
  }
}

const before = process.cpuUsage();
const startedAt = performance.now();
await Promise.all(Array.from({ length: availableParallelism() }, () => verifyUntil(startedAt + seconds * 1000)));
const elapsed = (performance.now() - startedAt) / 1000;
const { user, system } = process.cpuUsage(before);
const busy = (user + system) / 1e6 / elapsed;
process.stdout.write(JSON.stringify({ perSecond: verified / elapsed, busy, cost: (user + system) / verified }));
