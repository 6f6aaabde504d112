import { type GraphQLSchema, getNamedType, isCompositeType, Kind, type SelectionSetNode } from "graphql";
import { hasFields } from "../../document-types.ts";
import {
  addSource,
  composedCoordinate,
  type MergedRequirements,
  mergeSources,
  type RequirementSource,
  rootNamesOf,
  type Sources,
} from "../merge-requirements.ts";
import type { RequirementTable } from "../requirement-table.ts";
import { combineAll, type Requirement } from "../requirements.ts";
import { createSelectionRequirements } from "../selection-requirements.ts";
import type { RequiredFields } from "./required-fields.ts";

/** A graph whose fields pull others. */
export interface PullingSchema {
  readonly name: string;
  readonly schema: GraphQLSchema;
  readonly required: RequiredFields;
}

/** A field that is pulled, by composed coordinate, and what it takes to select it. */
interface Pull {
  readonly coordinate: string;
  readonly requirement: Requirement | undefined;
}

/**
 * A field that pulls others needs what they need, and what those pull in turn: its value can tell theirs. To be applied last, since
 * a policy on a pulled field counts as well.
 */
export function coverRequiredFields(merged: MergedRequirements, graphs: readonly PullingSchema[]): MergedRequirements {
  const direct = directPulls(graphs, merged.table);
  const sources: Sources = new Map([...merged.sources].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const coordinate of direct.keys()) {
    for (const source of sourcesOfPulls(coordinate, direct)) addSource(sources, coordinate, source);
  }
  return mergeSources(sources);
}

/** The fields that each field pulls directly, in all graphs, by its composed coordinate. */
type DirectPulls = ReadonlyMap<string, readonly (Pull & { readonly source: string })[]>;

function directPulls(graphs: readonly PullingSchema[], table: RequirementTable): DirectPulls {
  const fields = createKnownFields(graphs, table);
  const pulls = new Map<string, readonly (Pull & { readonly source: string })[]>();
  for (const { name: source, schema, required } of graphs) {
    const roots = rootNamesOf(schema);
    for (const [own, sets] of required) {
      const [typeName = ""] = own.split(".");
      const coordinate = composedCoordinate(own, roots);
      const direct = sets.flatMap((set) => pullsOf(set, typeName, fields)).map((pull) => ({ ...pull, source }));
      pulls.set(coordinate, [...(pulls.get(coordinate) ?? []), ...direct]);
    }
  }
  return pulls;
}

/** Looks fields up in whichever graph has them: `@computed` names fields that its own graph does not even know. */
interface KnownFields {
  requirementOf(typeName: string, field: string): Requirement | undefined;
  /** The name of the type that it returns. */
  returnedBy(typeName: string, field: string): string | undefined;
}

function createKnownFields(graphs: readonly PullingSchema[], table: RequirementTable): KnownFields {
  const known = graphs.map(({ schema }) => ({ schema, requirements: createSelectionRequirements(schema, table) }));
  const typeIn = (schema: GraphQLSchema, name: string) => {
    const type = schema.getType(name);
    return isCompositeType(type) && hasFields(type) ? type : undefined;
  };
  return {
    requirementOf: (typeName, field) =>
      combineAll(
        known.map(({ schema, requirements }) => {
          const type = typeIn(schema, typeName);
          return type && requirements.ofField(type, field);
        }),
      ),
    returnedBy(typeName, field) {
      const fields = known.map(({ schema }) => typeIn(schema, typeName)?.getFields()[field]);
      return getNamedType(fields.find((each) => each !== undefined)?.type)?.name;
    },
  };
}

/** Every field that a field set selects, nested ones included. */
function pullsOf(set: SelectionSetNode, typeName: string, fields: KnownFields): readonly Pull[] {
  return set.selections.flatMap((node) => {
    if (node.kind === Kind.FRAGMENT_SPREAD) return [];
    if (node.kind === Kind.INLINE_FRAGMENT) return pullsOf(node.selectionSet, node.typeCondition?.name.value ?? typeName, fields);
    const field = node.name.value;
    const returned = fields.returnedBy(typeName, field);
    const below = node.selectionSet === undefined || returned === undefined ? [] : pullsOf(node.selectionSet, returned, fields);
    return [{ coordinate: `${typeName}.${field}`, requirement: fields.requirementOf(typeName, field) }, ...below];
  });
}

function sourcesOfPulls(coordinate: string, direct: DirectPulls): readonly RequirementSource[] {
  const found = new Map<string, RequirementSource | undefined>();
  const visit = (from: string): void => {
    for (const { coordinate: via, source, requirement } of direct.get(from) ?? []) {
      if (found.has(via)) continue;
      found.set(via, requirement && { source, requirement, via });
      visit(via);
    }
  };
  visit(coordinate);
  return [...found.values()].filter((source) => source !== undefined);
}
