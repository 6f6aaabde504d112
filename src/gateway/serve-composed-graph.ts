import type { DocumentNode, GraphQLSchema } from "graphql";
import type { AccessExplainer } from "../graphql/access-explainer.ts";
import { type Documents, isDocument } from "../graphql/documents/documents.ts";
import type { ExplainedGraph } from "../graphql/explain-operation.ts";
import { type Operations, publishResult } from "../graphql/operations.ts";
import type { PublicErrors } from "../graphql/public-errors.ts";
import type { ServedGraph } from "../graphql/served-graph.ts";
import type { OpenComposedGraph } from "./composition/open-composed-graph.ts";
import { createGatewayOperations } from "./gateway-operations.ts";
import type { RootLimits } from "./root-limits.ts";
import type { AccessOptions } from "./upstreams/upstream-options.ts";

export interface ServedComposedGraphParts {
  createDocuments(schema: GraphQLSchema): Documents;
  createExplainer(graph: ExplainedGraph): AccessExplainer;
  readonly authOperations: Operations;
  readonly limits: RootLimits;
  readonly access: Pick<AccessOptions, "denied" | "dryRun">;
  readonly publicErrors: PublicErrors;
}

/** The composed graph as it is served; another one can take its place while requests are under way. */
export interface ServedComposedGraph extends ServedGraph {
  /**
   * From now on documents are read for this one. What was read for the one before is still answered by that, however many upstreams it
   * has yet to ask: so its connections are left to their idleness. Subscriptions are judged again.
   */
  replace(graph: OpenComposedGraph): void;
  close(): Promise<void>;
}

interface Generation {
  readonly graph: OpenComposedGraph;
  readonly documents: Documents;
  readonly explainAccess: AccessExplainer;
}

export function serveComposedGraph(
  first: OpenComposedGraph,
  { createDocuments, createExplainer, publicErrors, ...parts }: ServedComposedGraphParts,
): ServedComposedGraph {
  const generationOf = (graph: OpenComposedGraph): Generation => ({
    graph,
    documents: createDocuments(graph.composed.access.schema),
    explainAccess: createExplainer({ required: graph.composed.access, sources: graph.requirements.sources }),
  });
  const owners = new WeakMap<DocumentNode, OpenComposedGraph>();
  const listeners: ((schema: GraphQLSchema) => void)[] = [];
  let current = generationOf(first);

  const operations = createGatewayOperations({
    ...parts,
    graphOf: (document) => (owners.get(document) ?? current.graph).composed,
    currentGraph: () => current.graph.composed,
    publish: (result, requestId) => publishResult(result, requestId, publicErrors),
  });

  return {
    schema: () => current.graph.composed.access.schema,
    onChange: (listener) => void listeners.push(listener),
    operations,
    explainAccess: (question) => current.explainAccess(question),
    documents: {
      texts: {
        get: (hash) => current.documents.texts.get(hash),
        set: (hash, text) => current.documents.texts.set(hash, text),
      },
      find: (text) => current.documents.find(text),
      read(text) {
        const { graph, documents } = current;
        const read = documents.read(text);
        if (isDocument(read)) owners.set(read, graph);
        return read;
      },
    },
    replace(graph) {
      current = generationOf(graph);
      for (const listener of listeners) listener(graph.composed.access.schema);
    },
    close: () => current.graph.close(),
  };
}
