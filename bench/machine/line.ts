import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import type { ReplyError } from "../../tests/support/client.ts";

export interface Answer {
  readonly data: Readonly<Record<string, unknown>> | null;
  readonly errors: readonly ReplyError[];
  /** By this process's stopwatch, in milliseconds. */
  readonly sentAt: number;
  readonly arrivedAt: number;
}

/** One kept connection, which tells when each request left and when its answer was here. */
export interface Line {
  post(body: unknown, token?: string): Promise<Answer>;
  close(): void;
}

/** Not `fetch`, which takes several times as long as what is measured here. */
export function openLine(url: string): Line {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async post(body, token) {
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const sentAt = performance.now();
      const answer = await exchange(`${url}/graphql`, { agent, headers: { "content-type": "application/json", ...authorization } }, body);
      const arrivedAt = performance.now();
      const { data = null, errors = [] } = JSON.parse(answer);
      return { data, errors, sentAt, arrivedAt };
    },
    close: () => agent.destroy(),
  };
}

export function exchange(url: string, options: { agent: Agent; headers: Record<string, string> }, body: unknown): Promise<string> {
  return new Promise((resolve, reject) => {
    const sending = request(url, { ...options, method: "POST" }, (response) => text(response).then(resolve, reject));
    sending.on("error", reject);
    sending.end(JSON.stringify(body));
  });
}
