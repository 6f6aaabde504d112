import type { GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema } from "graphql";

/** The types that implement an interface, other interfaces among them. */
export function implementorsOf(schema: GraphQLSchema, type: GraphQLInterfaceType): readonly (GraphQLInterfaceType | GraphQLObjectType)[] {
  const { interfaces, objects } = schema.getImplementations(type);
  return [...interfaces, ...objects];
}
