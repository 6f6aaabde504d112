import type { Executor } from "@graphql-tools/utils";
import { print } from "graphql";
import { Pool } from "undici";

export interface JsonAnswer {
  readonly status: number;
  readonly text: string;
}

/** The quickest way to an upstream that the peers have: kept connections, and the answer as text. */
export function connect(url: string): (body: string) => Promise<JsonAnswer> {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: 128 });
  const headers = { "content-type": "application/json" };
  return async (body) => {
    const answer = await pool.request({ method: "POST", path: pathname, headers, body });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
}

/** As graphql-tools calls upstreams. */
export function createUpstreamExecutor(url: string): Executor {
  const post = connect(url);
  return async ({ document, variables }) => JSON.parse((await post(JSON.stringify({ query: print(document), variables }))).text);
}
