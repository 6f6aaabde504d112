import { StartupError } from "../../core/errors.ts";
import { AUTH_GRAPH } from "../auth-answerer.ts";
import { type Answerer, createUpstream, type UpstreamParts } from "../upstreams/upstream.ts";
import type { ConnectionOptions } from "../upstreams/upstream-options.ts";
import { type Composition, describeGraph, parseSdl } from "./composition.ts";
import type { AuthSubgraph } from "./open-upstreams.ts";
import { createStitchedPart, type Part } from "./subschemas.ts";
import { listSubgraphs, readSupergraph, type SubgraphReference } from "./supergraph.ts";

export interface SupergraphSource {
  readonly sdl: string;
  /** The name of the subgraph that is the auth graph of this process; where there is none of that name, the auth graph stands beside. */
  readonly authSubgraph: string;
  /** Subgraphs that the configuration speaks of. */
  readonly named: readonly string[];
  connectionOf(subgraph: SubgraphReference): ConnectionOptions;
}

const SUPERGRAPH = "supergraph";

/**
 * The graphs of a supergraph that was composed elsewhere, and the auth graph. The requirements are the ones that the composition has
 * brought into the supergraph's own SDL, and those of the auth graph: those of the other subgraphs are not known here.
 */
export function openSupergraph(
  { sdl, authSubgraph, named, connectionOf }: SupergraphSource,
  parts: UpstreamParts & { readonly auth: AuthSubgraph },
): Composition {
  const document = parseSdl(SUPERGRAPH, sdl);
  const subgraphs = listSubgraphs(document);
  const { answerer: auth, sdl: authSdl } = parts.auth;
  const unknown = named.find((name) => !subgraphs.some((subgraph) => subgraph.name === name));
  if (unknown !== undefined) throw new StartupError(`gateway.yaml speaks of a subgraph "${unknown}" that the supergraph does not have.`);
  const others = subgraphs.filter(({ name }) => name !== authSubgraph);
  const upstreams = others.map((subgraph) => createUpstream(connectionOf(subgraph), parts));
  const answerers = new Map<string, Answerer>([
    ...subgraphs.filter((each) => !others.includes(each)).map(({ key }) => [key, auth] as const),
    ...others.flatMap(({ key }, index): [string, Answerer][] => (upstreams[index] === undefined ? [] : [[key, upstreams[index]]])),
  ]);
  const supergraph = readSupergraph(document, answerers);
  const isTakenIn = others.length < subgraphs.length;
  const sdlOfAuth = parseSdl(AUTH_GRAPH, isTakenIn ? authSdl.federation : authSdl.stitching);
  const partsOfAuth: readonly Part[] = isTakenIn ? [] : [createStitchedPart(auth, sdlOfAuth)];
  return {
    parts: [...supergraph.parts, ...partsOfAuth],
    supergraph: supergraph.options,
    graphs: [describeGraph(SUPERGRAPH, document), describeGraph(AUTH_GRAPH, sdlOfAuth)],
    authIsTakenIn: isTakenIn,
    upstreams,
  };
}
