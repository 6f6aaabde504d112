import { type GraphQLSchema, isInterfaceType } from "graphql";
import { addSourceOnce, type MergedRequirements, mergeSources, type Sources } from "../merge-requirements.ts";
import { implementorsOf } from "./implementors.ts";

/**
 * What stands on an interface or on its field is asked for on every type that implements it: whoever guards the field of an interface
 * means the field, and a typed fragment or another way to the object would lead around it. `stated` is what graphs and operators say by
 * name; what a default closes is closed type by type.
 */
export function coverInterfaces(merged: MergedRequirements, stated: MergedRequirements, schema: GraphQLSchema): MergedRequirements {
  const sources: Sources = new Map([...merged.sources].map(([coordinate, asked]) => [coordinate, [...asked]]));
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isInterfaceType(type)) continue;
    const ofType = stated.sources.get(type.name) ?? [];
    for (const field of Object.keys(type.getFields())) {
      const via = `${type.name}.${field}`;
      const asked = [...ofType, ...(stated.sources.get(via) ?? [])];
      for (const { name } of implementorsOf(schema, type)) {
        for (const { source, requirement } of asked) addSourceOnce(sources, `${name}.${field}`, { source, requirement, via });
      }
    }
  }
  return mergeSources(sources);
}
