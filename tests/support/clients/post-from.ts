import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";

export interface PostFrom {
  /** Of this machine; Linux answers to all that begin with 127. */
  readonly localAddress: string;
  readonly url: string;
  readonly query: string;
  readonly token: string;
  readonly headers: Record<string, string>;
}

/** Sends an operation from a certain address, and waits for the end of the answer. */
export async function postFrom({ localAddress, url, query, token, headers }: PostFrom): Promise<void> {
  const all = { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers };
  const sent = request(url, { method: "POST", path: "/graphql", localAddress, headers: all }).end(JSON.stringify({ query }));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  response.resume();
  await once(response, "end");
}
