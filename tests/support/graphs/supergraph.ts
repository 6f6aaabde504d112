import { createServer, type Server } from "node:http";
import { createGatewayRuntime } from "@graphql-hive/gateway-runtime";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { httpTransport } from "./http-transport.ts";

export interface Subgraph {
  readonly name: string;
  readonly url: string;
}

/** What a subgraph says of itself. */
async function fetchSubgraphSdl(url: string): Promise<string> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query: "{ _service { sdl } }" }),
  });
  return (await response.json()).data._service.sdl;
}

/** The supergraph's SDL. Throws with every problem of the composition. */
export async function composeSupergraph(subgraphs: readonly Subgraph[]): Promise<string> {
  const services = subgraphs.map(async ({ name, url }) => ({ name, url, typeDefs: parse(await fetchSubgraphSdl(url)) }));
  const { supergraphSdl, errors = [] } = composeServices(await Promise.all(services));
  if (supergraphSdl === undefined) throw new Error(errors.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

/** What browsers say of the page that calls; without it nobody can tell a foreign page. */
const forwarded = ["authorization", "cookie", "origin", "sec-fetch-site"];

/** A gateway that runs a supergraph. Callers, cookies and addresses travel through it. */
export function createSupergraphServer(supergraph: string): Server {
  const gateway = createGatewayRuntime({
    supergraph,
    transports: { http: httpTransport },
    propagateHeaders: {
      fromClientToSubgraphs: ({ request, context }) => ({
        ...Object.fromEntries(forwarded.map((name) => [name, request.headers.get(name)])),
        "x-forwarded-for": (context as { req?: { socket: { remoteAddress?: string } } }).req?.socket.remoteAddress,
      }),
      fromSubgraphsToClient: ({ response }) => ({ "set-cookie": response.headers.getSetCookie() }),
    },
  });
  return createServer(gateway).on("close", () => void gateway.dispose());
}
