import type { GraphQLSchema } from "graphql";
import { stitchSchemas } from "@graphql-tools/stitch";
import { applyPolicies } from "../access/access-policies.ts";
import { mergeRequirements, type MergedRequirements, type Subschema } from "../access/merge-requirements.ts";
import { toClientSchema } from "./client-schema.ts";
import type { Part } from "./subschemas.ts";
import type { StitchedSupergraph } from "./supergraph.ts";
import type { AccessOptions } from "./upstream-options.ts";

/** All graphs as one, and what it takes to see it. */
export interface ComposedGraph {
  /** As clients see it; it can be executed. */
  readonly schema: GraphQLSchema;
  readonly parts: readonly Part[];
  readonly requirements: MergedRequirements;
}

export interface Composition {
  readonly parts: readonly Part[];
  /** Where some of the parts come from a supergraph: how they are stitched. */
  readonly supergraph?: StitchedSupergraph["options"];
  /** What each graph's own SDL says. */
  readonly subschemas: readonly Subschema[];
  readonly access: AccessOptions;
  readonly hiddenFields: ReadonlySet<string>;
}
