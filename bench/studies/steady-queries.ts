import { Agent } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { exchange } from "../machine/line.ts";
import { quantile } from "../machine/load.ts";

/** In milliseconds. */
export interface Latencies {
  readonly p50: number;
  readonly p99: number;
}

export interface SteadyQueries {
  readonly url: string;
  readonly token: string;
  readonly query: string;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Asks at a fixed rate, however long the answers take: who waits for an answer before asking again does not see a stall as others do. */
export async function askSteadily({ url, token, query, perSecond, seconds }: SteadyQueries): Promise<Latencies> {
  const agent = new Agent({ keepAlive: true });
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  const latencies: number[] = [];
  const asked: Promise<void>[] = [];
  async function ask(): Promise<void> {
    const sentAt = performance.now();
    const answer = await exchange(`${url}/graphql`, { agent, headers }, { query });
    latencies.push(performance.now() - sentAt);
    if (!answer.includes('{"data":{"me":{')) throw new Error(`A wrong answer makes this run worthless:\n${answer.slice(0, 500)}`);
  }
  const startedAt = performance.now();
  for (let passed = 0; passed < seconds; passed = (performance.now() - startedAt) / 1000) {
    while (asked.length < passed * perSecond) asked.push(ask());
    await sleep(1);
  }
  await Promise.all(asked);
  agent.destroy();
  latencies.sort((one, other) => one - other);
  return { p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) };
}
