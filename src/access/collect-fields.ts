import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
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

/**
 * CollectFields of the GraphQL specification (section 6.3.2) for selection sets that are answered by one object: its fields by
 * response key, in the order of the answer.
 */
export function collectFields(
  selectionSets: readonly SelectionSetNode[],
  objectType: GraphQLObjectType,
  { schema, fragments, variableValues }: Collection,
): ReadonlyMap<string, readonly FieldNode[]> {
  return gather(selectionSets, fragments, {
    takes: (node) => isIncluded(node, variableValues),
    enters: ({ typeCondition }) => fits(typeCondition, objectType, schema),
  });
}

interface Gathering {
  takes(node: SelectionNode): boolean;
  enters(fragment: FragmentDefinitionNode | InlineFragmentNode): boolean;
}

function gather(
  selectionSets: readonly SelectionSetNode[],
  fragments: Fragments,
  { takes, enters }: Gathering,
): ReadonlyMap<string, readonly FieldNode[]> {
  const collected = new Map<string, FieldNode[]>();
  const visitedFragments = new Set<string>();

  function collect(node: SelectionNode): void {
    if (!takes(node)) return;
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
    if (fragment !== undefined && enters(fragment)) fragment.selectionSet.selections.forEach(collect);
  }

  for (const { selections } of selectionSets) selections.forEach(collect);
  return collected;
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

/** All fields that are written in one selection set, by response key, whatever their conditions and the types that they stand on. */
export function collectWrittenFields(selectionSet: SelectionSetNode, fragments: Fragments): ReadonlyMap<string, readonly FieldNode[]> {
  return gather([selectionSet], fragments, { takes: () => true, enters: () => true });
}
