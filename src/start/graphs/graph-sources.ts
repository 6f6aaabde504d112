import type { FileSections } from "../../config/file/sections.ts";
import type { GraphSources } from "../../gateway/composition/open-composed-graph.ts";
import { readOperatorsFile } from "../files/operators-file.ts";

/** What of the configuration says which graphs there are, and what is asked for beyond their own SDLs. */
export type GraphSections = Pick<FileSections, "upstreams" | "supergraph" | "access">;

/** Whether the configuration puts nothing behind the gateway and adds nothing to the auth graph: then it is served as it is. */
export function isAuthGraphAlone({ upstreams, supergraph, access }: GraphSections): boolean {
  return upstreams.length === 0 && supergraph === undefined && access === undefined;
}

export function accessOf({ access }: Pick<GraphSections, "access">): GraphSources["access"] {
  return access ?? { default: "public", rules: new Map(), denied: "cut", dryRun: false };
}

/** The supergraph's file is read at each call, because it may have changed. */
export function readGraphSources(sections: GraphSections): GraphSources {
  return { upstreams: sections.upstreams, supergraph: readSupergraphSource(sections), access: accessOf(sections) };
}

function readSupergraphSource({ supergraph }: GraphSections): GraphSources["supergraph"] {
  if (supergraph === undefined) return undefined;
  return { ...supergraph, sdl: readOperatorsFile("gateway.yaml", supergraph.file) };
}
