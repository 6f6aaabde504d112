import type { GraphQLSchema } from "graphql";
import type { AccessExplainer } from "./access-explainer.ts";
import type { Documents } from "./documents/documents.ts";
import type { Operations } from "./operations.ts";
import type { AuthGraph } from "./schema.ts";

/** The graph that the transports serve: the auth graph alone, or composed with the graphs behind the gateway. */
export interface ServedGraph {
  /** The schema as clients see it at this moment. */
  schema(): GraphQLSchema;
  /** Calls the listener with every schema that takes the place of the one before. */
  onChange(listener: (schema: GraphQLSchema) => void): void;
  readonly documents: Documents;
  readonly operations: Operations;
  /** Explains operations on the graph as it is at this moment. */
  readonly explainAccess: AccessExplainer;
}

/** Serves the auth graph alone, which never changes. */
export function serveAuthGraph({ schema }: Pick<AuthGraph, "schema">, parts: Omit<ServedGraph, "schema" | "onChange">): ServedGraph {
  return { schema: () => schema, onChange: () => undefined, ...parts };
}
