import type { GraphQLSchema } from "graphql";
import type { AccessExplainer } from "./access-explainer.ts";
import type { Documents } from "./documents/documents.ts";
import type { Operations } from "./operations.ts";
import type { AuthGraph } from "./schema.ts";

/** What the transports serve: the auth graph alone, or together with the graphs behind the gateway. */
export interface ServedGraph {
  /** As clients see it at this moment. */
  schema(): GraphQLSchema;
  /** Tells of every schema that takes the place of the one before. */
  onChange(listener: (schema: GraphQLSchema) => void): void;
  readonly documents: Documents;
  readonly operations: Operations;
  /** As it is at this moment. */
  readonly explainAccess: AccessExplainer;
}

/** It never changes. */
export function serveAuthGraph({ schema }: Pick<AuthGraph, "schema">, parts: Omit<ServedGraph, "schema" | "onChange">): ServedGraph {
  return { schema: () => schema, onChange: () => undefined, ...parts };
}
