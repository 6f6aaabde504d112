import { type DocumentNode, GraphQLError, parse } from "graphql";
import type { Subschema } from "../access/merge-requirements.ts";
import { readRequirements } from "../access/read-requirements.ts";
import type { RequirementTable } from "../access/requirement-table.ts";
import { StartupError } from "../auth/errors.ts";
import type { Part } from "./subschemas.ts";
import type { StitchedSupergraph } from "./supergraph.ts";
import type { Upstream } from "./upstream.ts";

/** Graphs that are about to become one. */
export interface Composition {
  readonly parts: readonly Part[];
  /** How the parts of a supergraph are stitched, where there are any. */
  readonly supergraph?: StitchedSupergraph["options"];
  /** What each graph's own SDL asks for. */
  readonly subschemas: readonly Subschema[];
  /** What has connections to close. */
  readonly upstreams: readonly Upstream[];
}

/** Throws a StartupError that names the graph. */
export function parseSdl(graph: string, sdl: string): DocumentNode {
  try {
    return parse(sdl, { noLocation: true });
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw new StartupError(`The SDL of "${graph}" is not valid GraphQL: ${error.message}`);
  }
}

/** What one graph asks for, in the words of its own SDL. Throws a RequirementsError with the coordinate of whatever cannot be read. */
export function toSubschema(name: string, part: Pick<Part, "schema">, sdl: DocumentNode): Subschema {
  return { name, schema: part.schema, requirements: readRequirements(sdl) satisfies RequirementTable };
}
