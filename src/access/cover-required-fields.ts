import { type GraphQLCompositeType, type GraphQLSchema, getNamedType, isCompositeType, Kind, type SelectionSetNode } from "graphql";
import { fieldOf, hasFields, typeOfFragment } from "./document-types.ts";
import {
  addOrigin,
  composedCoordinate,
  type MergedRequirements,
  mergeOrigins,
  type Origins,
  type RequirementOrigin,
  rootNamesOf,
} from "./merge-requirements.ts";
import type { RequiredFields } from "./required-fields.ts";
import type { RequirementTable } from "./requirement-table.ts";
import { createSelectionRequirements, type SelectionRequirements } from "./selection-requirements.ts";

/** A graph whose fields pull others. */
export interface PullingSchema {
  readonly name: string;
  /** With what is pulled, as in a subgraph's own SDL. */
  readonly schema: GraphQLSchema;
  readonly required: RequiredFields;
}

interface PullingGraph extends PullingSchema {
  readonly requirements: SelectionRequirements;
}

/** A field that is pulled, by composed coordinate, and what it takes to select it there. */
interface Pull {
  readonly coordinate: string;
  readonly origin: RequirementOrigin | undefined;
}

/** Every field that a field set selects, nested ones included. */
function pullsOf(set: SelectionSetNode, type: GraphQLCompositeType, graph: PullingGraph): readonly Pull[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return [];
    if (node.kind === Kind.INLINE_FRAGMENT) {
      const inner = typeOfFragment(graph.schema, node, type);
      return inner === undefined ? [] : pullsOf(node.selectionSet, inner, graph);
    }
    const field = node.name.value;
    const returned = getNamedType(fieldOf(graph.schema, type, field)?.type);
    const below = node.selectionSet !== undefined && isCompositeType(returned) ? pullsOf(node.selectionSet, returned, graph) : [];
    const coordinate = `${type.name}.${field}`;
    const requirement = hasFields(type) ? graph.requirements.ofField(type, field) : undefined;
    return [{ coordinate, origin: requirement && { source: graph.name, requirement, via: coordinate } }, ...below];
  });
}

/** What each field pulls directly, in all graphs. */
function directPulls(graphs: readonly PullingSchema[], table: RequirementTable): ReadonlyMap<string, readonly Pull[]> {
  const pulls = new Map<string, readonly Pull[]>();
  for (const graph of graphs) {
    const requirements = createSelectionRequirements(graph.schema, table);
    const roots = rootNamesOf(graph.schema);
    for (const [own, sets] of graph.required) {
      const type = graph.schema.getType(own.split(".")[0] ?? "");
      if (!isCompositeType(type)) continue;
      const coordinate = composedCoordinate(own, roots);
      const direct = sets.flatMap((set) => pullsOf(set, type, { ...graph, requirements }));
      pulls.set(coordinate, [...(pulls.get(coordinate) ?? []), ...direct]);
    }
  }
  return pulls;
}

function allPulls(coordinate: string, direct: ReadonlyMap<string, readonly Pull[]>): ReadonlyMap<string, Pull> {
  const found = new Map<string, Pull>();
  const visit = (from: string): void => {
    for (const pull of direct.get(from) ?? []) {
      if (found.has(pull.coordinate)) continue;
      found.set(pull.coordinate, pull);
      visit(pull.coordinate);
    }
  };
  visit(coordinate);
  return found;
}

/**
 * A field that pulls others needs what they need, and what those pull in turn: its value can tell theirs. To be applied last, since
 * a policy on a pulled field counts as well.
 */
export function coverRequiredFields(merged: MergedRequirements, graphs: readonly PullingSchema[]): MergedRequirements {
  const direct = directPulls(graphs, merged.table);
  const origins: Origins = new Map([...merged.origins].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const coordinate of direct.keys()) {
    for (const { origin } of allPulls(coordinate, direct).values()) if (origin !== undefined) addOrigin(origins, coordinate, origin);
  }
  return mergeOrigins(origins);
}
