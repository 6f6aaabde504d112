import {
  type FieldNode,
  type GraphQLResolveInfo,
  isObjectType,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from "graphql";

/**
 * The type of the selection set that a field node stands in: `I` in `{ i { x } }`, `T` in `{ i { ... on T { x } } }`. Execution
 * knows concrete types only, so this is read from the document: once per operation, at the first field that asks.
 */
export interface LexicalParents {
  nameOf(node: FieldNode, info: GraphQLResolveInfo): string | undefined;
}

type ParentNames = ReadonlyMap<FieldNode, string>;

export function createLexicalParents(): LexicalParents {
  const known = new WeakMap<OperationDefinitionNode, ParentNames>();
  return {
    nameOf(node, info) {
      const remembered = known.get(info.operation)?.get(node);
      if (remembered !== undefined) return remembered;
      // Also for a known operation: it may have been put together with other fragments this time.
      const names = readParentNames(info);
      known.set(info.operation, names);
      return names.get(node);
    },
  };
}

function readParentNames({ schema, operation, fragments }: GraphQLResolveInfo): ParentNames {
  const names = new Map<FieldNode, string>();
  const typeInfo = new TypeInfo(schema);
  const visitor = visitWithTypeInfo(typeInfo, {
    Field(node) {
      const parent = typeInfo.getParentType();
      if (!parent) return;
      // A parsed document has each node once; a generated one may share it, and then the interface's stricter rule holds.
      if (!names.has(node) || !isObjectType(parent)) names.set(node, parent.name);
    },
  });
  for (const definition of [operation, ...Object.values(fragments)]) visit(definition, visitor);
  return names;
}
