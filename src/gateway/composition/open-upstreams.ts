import type { DocumentNode } from "graphql";
import { AUTH_GRAPH } from "../auth-answerer.ts";
import { type Answerer, createUpstream, type Upstream, type UpstreamParts } from "../upstreams/upstream.ts";
import type { UpstreamOptions } from "../upstreams/upstream-options.ts";
import { readUpstreamSdl } from "../upstreams/upstream-sdl.ts";
import { composeSubgraphs } from "./compose-subgraphs.ts";
import { type Composition, describeGraph, parseSdl } from "./composition.ts";
import { createStitchedPart } from "./subschemas.ts";
import { listSubgraphs, readSupergraph } from "./supergraph.ts";

/** The auth graph, as gateways take it in. */
export interface AuthSubgraph {
  readonly answerer: Answerer;
  readonly sdl: { readonly stitching: string; readonly federation: string };
}

interface Described {
  readonly answerer: Answerer;
  readonly url: string;
  readonly sdl: DocumentNode;
}

export interface OpenUpstreamsParts extends UpstreamParts {
  readonly auth: AuthSubgraph;
  readonly readFile: (path: string) => string;
}

/**
 * The auth graph and the upstreams. Those that describe themselves as Federation subgraphs are composed, together with the auth graph,
 * by Federation's rules; all others are stitched, by what their SDL says of keys and merging.
 */
export async function openUpstreams(options: readonly UpstreamOptions[], parts: OpenUpstreamsParts): Promise<Composition> {
  const sdls = await Promise.all(options.map((each) => readUpstreamSdl(each, parts.readFile)));
  const upstreams = options.map((each) => createUpstream(each, parts));
  const described = options.map(({ name, url, sdl }, index) => ({
    answerer: upstreams[index] as Upstream,
    url,
    sdl: parseSdl(name, sdls[index] ?? ""),
    isSubgraph: "query" in sdl && sdl.query === "_service",
  }));
  const subgraphs = described.filter(({ isSubgraph }) => isSubgraph);
  const others = described.filter(({ isSubgraph }) => !isSubgraph);
  const { auth } = parts;
  const compositions =
    subgraphs.length === 0
      ? [stitchGraphs([describeAuthGraph(auth, auth.sdl.stitching), ...others])]
      : [composeFederation([describeAuthGraph(auth, auth.sdl.federation), ...subgraphs]), stitchGraphs(others)];
  const supergraph = compositions.find((each) => each.supergraph !== undefined)?.supergraph;
  return {
    parts: compositions.flatMap((each) => each.parts),
    graphs: compositions.flatMap((each) => each.graphs),
    upstreams,
    ...(supergraph && { supergraph }),
  };
}

function describeAuthGraph({ answerer }: AuthSubgraph, sdl: string): Described {
  return { answerer, url: "", sdl: parseSdl(AUTH_GRAPH, sdl) };
}

type Composed = Omit<Composition, "upstreams">;

function stitchGraphs(graphs: readonly Described[]): Composed {
  const described = graphs.map(({ answerer, sdl }) => describeGraph(answerer.name, sdl));
  return { parts: graphs.map(({ answerer, sdl }) => createStitchedPart(answerer, sdl)), graphs: described };
}

function composeFederation(graphs: readonly Described[]): Composed {
  const described = graphs.map(({ answerer, sdl }) => describeGraph(answerer.name, sdl));
  const supergraph = composeSubgraphs(graphs.map(({ answerer, url, sdl }) => ({ name: answerer.name, url, sdl })));
  const byName = new Map(graphs.map((graph) => [graph.answerer.name, graph]));
  const subgraphs = listSubgraphs(supergraph);
  const answerers = new Map(
    subgraphs.flatMap(({ key, name }) => (byName.has(name) ? [[key, byName.get(name)?.answerer as Answerer] as const] : [])),
  );
  const { parts, options } = readSupergraph(supergraph, answerers);
  return { parts, supergraph: options, graphs: described };
}
