import type { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { print } from "graphql";

type Transports = NonNullable<Parameters<typeof createGatewayRuntime>[0]["transports"]>;
type Transport = Extract<Exclude<Transports, (...words: never[]) => unknown>[string], { getSubgraphExecutor: unknown }>;

/** GraphQL over HTTP, as @graphql-mesh/transport-http does it; the runtime has none of its own. */
export const httpTransport: Transport = {
  getSubgraphExecutor({ transportEntry, fetch }) {
    if (fetch === undefined || transportEntry.location === undefined) throw new Error("The subgraph has no address.");
    const [send, url] = [fetch, transportEntry.location];
    return async (request) => {
      const body = JSON.stringify({ query: print(request.document), variables: request.variables });
      const options = { method: "POST", headers: { "content-type": "application/json" }, body };
      const answer = await send(url, options, request.context, { executionRequest: request } as never);
      return answer.json();
    };
  },
};
