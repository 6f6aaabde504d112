import {
  buildASTSchema,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  Kind,
  parse,
  type TypeDefinitionNode,
} from "graphql";
import { type KeyedSubgraph, readKeyedTypes } from "../../access/requirements/cover/cover-key-fields.ts";
import type { PullingSchema } from "../../access/requirements/cover/cover-required-fields.ts";
import { readRequiredFields } from "../../access/requirements/cover/required-fields.ts";
import type { Subschema } from "../../access/requirements/merge-requirements.ts";
import { readRequirements } from "../../access/requirements/read-requirements.ts";
import { RequirementsError } from "../../access/requirements/requirement-table.ts";
import { StartupError } from "../../core/errors.ts";
import type { Upstream } from "../upstreams/upstream.ts";
import type { Part } from "./subschemas.ts";
import type { StitchedSupergraph } from "./supergraph.ts";
import { refuseUnknownDirectives } from "./unknown-directives.ts";

/** A graph as its own SDL describes it: what it asks for, and what its fields pull from others. */
export type DescribedSubgraph = Subschema & PullingSchema & KeyedSubgraph;

/** Graphs that are about to become one. */
export interface Composition {
  readonly parts: readonly Part[];
  /** How the parts of a supergraph are stitched, where there are any. */
  readonly supergraph?: StitchedSupergraph["options"];
  /** All of them, the auth graph included. */
  readonly graphs: readonly DescribedSubgraph[];
  /** Whether the auth graph is part of a supergraph that was composed elsewhere. */
  readonly authIsTakenIn?: boolean;
  /** The upstreams, whose connections have to be closed. */
  readonly upstreams: readonly Upstream[];
}

/** Throws a StartupError that names the graph. */
export function parseSdl(graph: string, sdl: string): DocumentNode {
  return explain(graph, () => parse(sdl, { noLocation: true }));
}

/** Throws a StartupError where its schema cannot be built, a RequirementsError with the coordinate of whatever cannot be read. */
export function describeGraph(name: string, sdl: DocumentNode): DescribedSubgraph {
  const schema = explain(name, () => buildOwnSchema(sdl));
  refuseUnknownDirectives(sdl);
  return { name, schema, requirements: readRequirements(sdl), required: readRequiredFields(sdl), keyedTypes: readKeyedTypes(sdl) };
}

function explain<Result>(graph: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Error) || error instanceof RequirementsError) throw error;
    throw new StartupError(`The SDL of "${graph}" is not a valid schema: ${error.message}`);
  }
}

/** Subgraphs define types by extending them, and leave out what the linked specifications define. */
function buildOwnSchema(sdl: DocumentNode): GraphQLSchema {
  const defined = new Set(sdl.definitions.flatMap((node) => (isTypeDefinitionNode(node) ? [node.name.value] : [])));
  const definitions = sdl.definitions
    .filter(({ kind }) => kind !== Kind.DIRECTIVE_DEFINITION && kind !== Kind.SCHEMA_EXTENSION)
    .map((node): DefinitionNode => {
      if (!isTypeExtensionNode(node) || defined.has(node.name.value)) return node;
      defined.add(node.name.value);
      return { ...node, kind: node.kind.replace("Extension", "Definition") } as TypeDefinitionNode;
    });
  return buildASTSchema({ ...sdl, definitions }, { assumeValid: true, assumeValidSDL: true });
}
