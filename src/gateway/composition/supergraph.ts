import { type GetStitchingOptionsFromSupergraphSdlOpts, getStitchingOptionsFromSupergraphSdl } from "@graphql-tools/federation";
import { type ConstDirectiveNode, type DocumentNode, Kind } from "graphql";
import { StartupError } from "../../core/errors.ts";
import type { Answerer } from "../upstreams/upstream.ts";
import { createPart, type Part, toExecutor } from "./subschemas.ts";

/** A subgraph as the supergraph's SDL names it. */
export interface SubgraphReference {
  /** A value of the enum `join__Graph`. */
  readonly key: string;
  readonly name: string;
  readonly url: string;
}

/** The subgraphs of a supergraph, from `enum join__Graph { PRODUCTS @join__graph(name: "products", url: "…") }`. */
export function listSubgraphs(supergraph: DocumentNode): SubgraphReference[] {
  const graphs = supergraph.definitions.find((node) => node.kind === Kind.ENUM_TYPE_DEFINITION && node.name.value === "join__Graph");
  const values = graphs?.kind === Kind.ENUM_TYPE_DEFINITION ? (graphs.values ?? []) : [];
  if (values.length === 0)
    throw new StartupError("The supergraph's SDL has no enum join__Graph: is it the output of a Federation composition?");
  return values.map(({ name, directives = [] }) => {
    const directive = directives.find((each) => each.name.value === "join__graph");
    return { key: name.value, name: stringOf(directive, "name") ?? name.value, url: stringOf(directive, "url") ?? "" };
  });
}

/** How the parts of a supergraph are stitched. */
export interface StitchedSupergraph {
  readonly parts: readonly Part[];
  /** The options for `stitchSchemas` beside its subschemas. */
  readonly options: Omit<ReturnType<typeof getStitchingOptionsFromSupergraphSdl>, "subschemas">;
}

/** `answerers` by the keys of the supergraph's subgraphs. */
export function readSupergraph(supergraph: DocumentNode, answerers: ReadonlyMap<string, Answerer>): StitchedSupergraph {
  const { subschemas, ...options } = stitchingOptions({ supergraphSdl: supergraph, batch: true });
  const parts = subschemas.map((subschema) => {
    const answerer = answerers.get(subschema.name ?? "");
    if (answerer === undefined) throw new StartupError(`The supergraph has a subgraph "${subschema.name}" that nothing answers for.`);
    return createPart(answerer, { ...subschema, executor: toExecutor(answerer) });
  });
  return { parts, options };
}

function stitchingOptions(options: GetStitchingOptionsFromSupergraphSdlOpts) {
  try {
    return getStitchingOptionsFromSupergraphSdl(options);
  } catch (cause) {
    throw new StartupError("The supergraph's SDL cannot be read: is it the output of a Federation 2 composition?", { cause });
  }
}

function stringOf(directive: ConstDirectiveNode | undefined, argument: string): string | undefined {
  const value = directive?.arguments?.find(({ name }) => name.value === argument)?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}
