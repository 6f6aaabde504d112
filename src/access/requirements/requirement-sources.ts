import { type GraphQLInterfaceType, type GraphQLObjectType, type GraphQLSchema, getNamedType, isInterfaceType } from "graphql";
import type { MergedRequirements, RequirementSource } from "./merge-requirements.ts";

/** A source, with the coordinate at which it asks. */
export interface LocatedSource extends RequirementSource {
  /** The coordinate of a type or a field. */
  readonly coordinate: string;
}

/** Everything that `SelectionRequirements.ofField` adds up, apart. */
export function sourcesOf(
  schema: GraphQLSchema,
  { sources }: Pick<MergedRequirements, "sources">,
  { type, fieldName }: { type: GraphQLObjectType | GraphQLInterfaceType; fieldName: string },
): readonly LocatedSource[] {
  const implementations = isInterfaceType(type) ? schema.getImplementations(type) : { interfaces: [], objects: [] };
  const types = [type, ...implementations.interfaces, ...implementations.objects];
  const coordinates = types.flatMap((each) => {
    const field = each.getFields()[fieldName];
    return field === undefined ? [] : [`${each.name}.${fieldName}`, each.name, getNamedType(field.type).name];
  });
  return [...new Set(coordinates)].flatMap((coordinate) => (sources.get(coordinate) ?? []).map((source) => ({ coordinate, ...source })));
}
