import autocannon from "autocannon";
import { processorSeconds } from "./pinning.ts";
import type { Server } from "./servers.ts";

/** What one round of load has shown. */
export interface Round {
  readonly perSecond: number;
  /** Milliseconds; absent where nothing waits for an answer. */
  readonly p50?: number;
  readonly p99?: number;
  /** The share of its core that the server has used: well below 1, and something else was the limit. */
  readonly busy?: number;
  /** Processor time of the server for one answer, in microseconds: what other programs on the machine disturb least. */
  readonly cost?: number;
}

/** One connection: what it sends, and what it makes of the answers. */
export interface Caller {
  readonly token?: string | undefined;
  readonly body: string;
  /** Judges the answer, headers included, and gives the next body. Undefined: the answer is wrong. */
  next(answer: string): string | undefined;
}

interface Log {
  /** Milliseconds; autocannon's own histogram knows whole ones only. */
  readonly latencies: number[];
  readonly wrongAnswers: string[];
}

/** Every caller sends its next request once it has the answer to the one before. Throws if any answer was wrong. */
export async function applyLoad(server: Server, callers: readonly Caller[], seconds: number): Promise<Round> {
  const log: Log = { latencies: [], wrongAnswers: [] };
  const waiting = [...callers];
  const before = processorSeconds(server.pid);
  const { duration, errors, non2xx } = await autocannon({
    url: `${server.url}/graphql`,
    method: "POST",
    connections: callers.length,
    duration: seconds,
    setupClient: (client) => {
      const caller = waiting.shift();
      if (caller !== undefined) connect(client, caller, log);
    },
  });
  const after = processorSeconds(server.pid);
  const { latencies, wrongAnswers } = log;
  const problem = wrongAnswers[0] ?? (errors + non2xx > 0 ? `${errors} failed connections, ${non2xx} refusals` : undefined);
  if (problem !== undefined) throw new Error(`A wrong answer (${wrongAnswers.length} in all) makes this run worthless:\n${problem}`);
  latencies.sort((a, b) => a - b);
  return {
    perSecond: latencies.length / duration,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    ...processorUse(before, after, { duration, answers: latencies.length }),
  };
}

/** autocannon emits `response` before it sends what the client's body then is. */
function connect(client: autocannon.Client, caller: Caller, log: Log): void {
  const authorization = caller.token === undefined ? {} : { authorization: `Bearer ${caller.token}` };
  client.setHeadersAndBody({ "content-type": "application/json", ...authorization }, caller.body);
  let body = caller.body;
  let answer = "";
  client.on("body", (chunk) => {
    answer += chunk.toString("latin1");
  });
  client.on("response", (_status, _bytes, milliseconds) => {
    log.latencies.push(milliseconds);
    const next = caller.next(answer);
    if (next === undefined) log.wrongAnswers.push(answer.slice(0, 500));
    else if (next !== body) client.setBody(next);
    body = next ?? body;
    answer = "";
  });
}

function processorUse(before: number | undefined, after: number | undefined, { duration, answers }: { duration: number; answers: number }) {
  if (before === undefined || after === undefined) return {};
  return { busy: (after - before) / duration, cost: ((after - before) * 1e6) / answers };
}

export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
