import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  isAbstractType,
  Kind,
  type NamedTypeNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";

export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>;

export interface Collection {
  readonly schema: GraphQLSchema;
  readonly fragments: Fragments;
  /** Coerced; all that `@skip` and `@include` name. */
  readonly variableValues: Record<string, unknown>;
}

export function fragmentsOf(document: DocumentNode): Fragments {
  const definitions = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
}

/** The response key of a field: its alias, or else its name. */
export function responseKeyOf(node: FieldNode): string {
  return node.alias?.value ?? node.name.value;
}

export function isIncluded(node: SelectionNode, variableValues: Record<string, unknown>): boolean {
  if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false;
}

function fits(condition: NamedTypeNode | undefined, objectType: GraphQLObjectType, schema: GraphQLSchema): boolean {
  const type = condition && schema.getType(condition.name.value);
  if (condition === undefined || type === objectType) return true;
  return isAbstractType(type) && schema.isSubType(type, objectType);
}

/**
 * CollectFields of the GraphQL specification (section 6.3.2) for selection sets that are answered by one object: its fields by
 * response key, in the order of the answer.
 */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  objectType: GraphQLObjectType,
  { schema, fragments, variableValues }: Collection,
): ReadonlyMap<string, readonly FieldNode[]> {
  const collected = new Map<string, FieldNode[]>();
  const visitedFragments = new Set<string>();

  function collect(node: SelectionNode): void {
    if (!isIncluded(node, variableValues)) return;
    if (node.kind === Kind.FIELD) {
      const key = responseKeyOf(node);
      const nodes = collected.get(key);
      if (nodes === undefined) collected.set(key, [node]);
      else nodes.push(node);
      return;
    }
    if (node.kind === Kind.FRAGMENT_SPREAD && visitedFragments.has(node.name.value)) return;
    if (node.kind === Kind.FRAGMENT_SPREAD) visitedFragments.add(node.name.value);
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
    if (fragment !== undefined && fits(fragment.typeCondition, objectType, schema)) fragment.selectionSet.selections.forEach(collect);
  }

  for (const { selections } of selectionSets) selections.forEach(collect);
  return collected;
}
