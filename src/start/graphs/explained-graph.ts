import { mergeRequirements } from "../../access/requirements/merge-requirements.ts";
import { createSelectionRequirements } from "../../access/requirements/selection-requirements.ts";
import { AUTH_GRAPH } from "../../gateway/auth-answerer.ts";
import type { ExplainedGraph } from "../../graphql/explain-operation.ts";
import { type AuthGraph, buildAuthGraph } from "../../graphql/schema.ts";
import { gatewayFields } from "../../graphql/subgraph/entities.ts";
import { readOperatorsFile } from "../files/operators-file.ts";
import { type GraphSections, isAuthGraphAlone, readGraphSources } from "./graph-sources.ts";

/** The auth graph by itself. */
export function explainedAuthGraph({ schema, requirements: table }: AuthGraph): ExplainedGraph {
  const { sources } = mergeRequirements([{ name: AUTH_GRAPH, schema, requirements: table }]);
  return { required: { schema, table, requirements: createSelectionRequirements(schema, table) }, sources };
}

/**
 * What a server with this configuration would guard. Asks upstreams for their SDLs, and for nothing else; needs neither a database nor
 * keys. Throws a StartupError for whatever would stop the server's start as well.
 */
export async function readExplainedGraph(sections: GraphSections): Promise<ExplainedGraph> {
  const authGraph = await buildAuthGraph();
  if (isAuthGraphAlone(sections)) return explainedAuthGraph(authGraph);
  // As in a server: what stitches graphs is loaded where there are some.
  const { openComposedGraph } = await import("../../gateway/composition/open-composed-graph.ts");
  const { composed, requirements, close } = await openComposedGraph(readGraphSources(sections), {
    auth: { ...authGraph, gatewayFields },
    publicErrors: { ofExecution: unreachable, ofServer: unreachable },
    createIdentityTokens: () => ({ issue: unreachable, issueAnonymous: unreachable }),
    readFile: (path) => readOperatorsFile("gateway.yaml", path),
    onFailure: unreachable,
    onMisfit: unreachable,
    onAnswer: unreachable,
    observeUpstream: (upstream) => upstream,
  });
  await close();
  return { required: composed.access, sources: requirements.sources };
}

function unreachable(): never {
  throw new Error("no operation is executed on a graph that is only explained");
}
