import { type GraphQLInterfaceType, type GraphQLObjectType, type GraphQLSchema, getNamedType, isInterfaceType } from "graphql";
import type { MergedRequirements, RequirementOrigin } from "./merge-requirements.ts";

/** One thing that a selected field needs, where that is asked for, and by whom. */
export interface RequirementSource extends RequirementOrigin {
  /** Of a type or a field. */
  readonly coordinate: string;
}

/** Everything that `SelectionRequirements.ofField` adds up, apart. */
export function sourcesOf(
  schema: GraphQLSchema,
  { origins }: Pick<MergedRequirements, "origins">,
  { type, fieldName }: { type: GraphQLObjectType | GraphQLInterfaceType; fieldName: string },
): readonly RequirementSource[] {
  const implementations = isInterfaceType(type) ? schema.getImplementations(type) : { interfaces: [], objects: [] };
  const types = [type, ...implementations.interfaces, ...implementations.objects];
  const coordinates = types.flatMap((each) => {
    const field = each.getFields()[fieldName];
    return field === undefined ? [] : [`${each.name}.${fieldName}`, each.name, getNamedType(field.type).name];
  });
  return [...new Set(coordinates)].flatMap((coordinate) => (origins.get(coordinate) ?? []).map((origin) => ({ coordinate, ...origin })));
}
