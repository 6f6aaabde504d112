import { stitchSchemas } from "@graphql-tools/stitch";
import type { GraphQLSchema } from "graphql";
import { applyPolicies, sharedCoordinates } from "../../access/requirements/access-policies.ts";
import { coverInterfaceObjects } from "../../access/requirements/cover/cover-interface-objects.ts";
import { coverInterfaces } from "../../access/requirements/cover/cover-interfaces.ts";
import { coverKeyFields } from "../../access/requirements/cover/cover-key-fields.ts";
import { coverRequiredFields } from "../../access/requirements/cover/cover-required-fields.ts";
import { keepPresent, type MergedRequirements, mergeRequirements } from "../../access/requirements/merge-requirements.ts";
import { RequirementsError, type RequirementTable } from "../../access/requirements/requirement-table.ts";
import { StartupError } from "../../core/errors.ts";
import type { PublicErrors } from "../../graphql/public-errors.ts";
import { AUTH_GRAPH, createAuthAnswerer } from "../auth-answerer.ts";
import type { UpstreamParts } from "../upstreams/upstream.ts";
import type { AccessOptions, UpstreamOptions } from "../upstreams/upstream-options.ts";
import { toClientSchema } from "./client-schema.ts";
import { type ComposedGraph, createComposedGraph } from "./composed-graph.ts";
import type { Composition } from "./composition.ts";
import { openSupergraph, type SupergraphSource } from "./open-supergraph.ts";
import { type AuthSubgraph, openUpstreams } from "./open-upstreams.ts";
import { refuseConflictingTypes } from "./refuse-conflicting-types.ts";
import { refuseTakenFields } from "./refuse-taken-fields.ts";

/** The auth graph, which is in this process. */
export interface AuthPart {
  readonly schema: GraphQLSchema;
  readonly requirements: RequirementTable;
  readonly gatewaySdl: AuthSubgraph["sdl"];
  /** Root fields that only gateways ask for. */
  readonly gatewayFields: ReadonlySet<string>;
}

export interface GraphSources {
  readonly upstreams: readonly UpstreamOptions[];
  /** Instead of upstreams. */
  readonly supergraph?: SupergraphSource | undefined;
  readonly access: AccessOptions;
}

export interface OpenComposedGraphParts extends UpstreamParts {
  readonly auth: AuthPart;
  readonly readFile: (path: string) => string;
  readonly publicErrors: PublicErrors;
}

/** The composed graph, whose upstreams are ready to be asked. */
export interface OpenComposedGraph {
  readonly composed: ComposedGraph;
  readonly requirements: MergedRequirements;
  /** Closes the connections, once all calls under way have been answered. */
  close(): Promise<void>;
}

/** Reads the SDL of every graph, composes them, and merges their requirements. Throws a StartupError for what is unreadable or misfits. */
export async function openComposedGraph(sources: GraphSources, parts: OpenComposedGraphParts): Promise<OpenComposedGraph> {
  try {
    return await open(sources, parts);
  } catch (error) {
    throw error instanceof RequirementsError ? new StartupError(error.message, { cause: error }) : error;
  }
}

async function open(
  { upstreams, supergraph, access }: GraphSources,
  { auth, ...parts }: OpenComposedGraphParts,
): Promise<OpenComposedGraph> {
  const subgraph = { answerer: createAuthAnswerer(auth.schema, parts.publicErrors), sdl: auth.gatewaySdl };
  const composition =
    supergraph === undefined
      ? await openUpstreams(upstreams, { ...parts, auth: subgraph })
      : openSupergraph(supergraph, { ...parts, auth: subgraph });
  const close = async () => void (await Promise.all(composition.upstreams.map((upstream) => upstream.close())));
  try {
    refuseTakenFields(composition.parts, { answerer: subgraph.answerer, schema: auth.schema });
    refuseConflictingTypes(composition.parts, { answerer: subgraph.answerer, schema: auth.schema });
    const schema = toClientSchema(stitch(composition), auth.gatewayFields);
    const requirements = mergeAll(composition, schema, { access, closesShared: true });
    const { table } = requirements;
    // What the auth graph answers by itself is its own objects: closing those that share a type's name concerns others.
    const { table: tableOfAuth } = mergeAll(composition, schema, { access, closesShared: false });
    return {
      composed: createComposedGraph({ schema, parts: composition.parts, table, tableOfAuth, authTable: auth.requirements }),
      requirements,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Merges the requirements of all graphs, the operator's policies, and what fields pull from others. */
function mergeAll(
  { graphs, authIsTakenIn }: Composition,
  schema: GraphQLSchema,
  { access, closesShared }: { readonly access: AccessOptions; readonly closesShared: boolean },
): MergedRequirements {
  const own = graphs.filter(({ name }) => name === AUTH_GRAPH);
  const upstreams = graphs.filter(({ name }) => name !== AUTH_GRAPH);
  // A composition by Federation lets no two graphs resolve one field, unless both say so.
  const scope = {
    schema,
    upstreams,
    own,
    shared: closesShared && authIsTakenIn !== true ? sharedCoordinates(upstreams, own) : new Set<string>(),
  };
  const merged = mergeRequirements(graphs);
  // What the default closes is closed for the graphs' own clients; keys travel between graphs whatever it says.
  const ruled = applyPolicies(merged, { ...access, default: "public" }, scope);
  const asked = applyPolicies(coverKeyFields(merged, ruled, graphs), access, scope);
  const cover = (merged: MergedRequirements) => coverInterfaces(coverInterfaceObjects(merged, graphs, schema), ruled, schema);
  // An implementor's field may be pulled, and may pull. What is pulled may be hidden from clients.
  return keepPresent(cover(coverRequiredFields(cover(asked), graphs)), schema);
}

function stitch({ parts, supergraph }: Composition): GraphQLSchema {
  try {
    return stitchSchemas({ ...(supergraph as object | undefined), subschemas: parts.map(({ config }) => config), assumeValid: true });
  } catch (cause) {
    throw new StartupError(`The graphs cannot be made one: ${cause instanceof Error ? cause.message : "unknown"}`, { cause });
  }
}
