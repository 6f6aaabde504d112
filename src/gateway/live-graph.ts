import type { DocumentNode, GraphQLSchema } from "graphql";
import type { AccessExplainer } from "../graphql/access-explainer.ts";
import { type Documents, isDocument } from "../graphql/documents/documents.ts";
import type { ExplainedGraph } from "../graphql/explain-operation.ts";
import { type Operations, publishResult } from "../graphql/operations.ts";
import type { PublicErrors } from "../graphql/public-errors.ts";
import type { ServedGraph } from "../graphql/served-graph.ts";
import type { OpenGraph } from "./composition/open-graph.ts";
import { createGatewayOperations } from "./gateway-operations.ts";
import type { RootLimits } from "./root-limits.ts";
import type { AccessOptions } from "./upstreams/upstream-options.ts";

export interface LiveGraphParts {
  createDocuments(schema: GraphQLSchema): Documents;
  createExplainer(graph: ExplainedGraph): AccessExplainer;
  readonly authOperations: Operations;
  readonly limits: RootLimits;
  readonly access: Pick<AccessOptions, "denied" | "dryRun">;
  readonly publicErrors: PublicErrors;
}

/** All graphs, whose places others can take while requests are under way. */
export interface LiveGraph extends ServedGraph {
  /**
   * From now on documents are read for this one. What was read for the one before is still answered by that, however many upstreams it
   * has yet to ask: so its connections are left to their idleness. Subscriptions are judged again.
   */
  replace(graph: OpenGraph): void;
  close(): Promise<void>;
}

interface Generation {
  readonly graph: OpenGraph;
  readonly documents: Documents;
  readonly explainAccess: AccessExplainer;
}

export function createLiveGraph(first: OpenGraph, { createDocuments, createExplainer, publicErrors, ...parts }: LiveGraphParts): LiveGraph {
  const generationOf = (graph: OpenGraph): Generation => ({
    graph,
    documents: createDocuments(graph.composed.access.schema),
    explainAccess: createExplainer({ required: graph.composed.access, sources: graph.requirements.sources }),
  });
  const owners = new WeakMap<DocumentNode, OpenGraph>();
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
