import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getDirectiveValues,
  getVariableValues,
  isAbstractType,
  Kind,
  locatedError,
  type NamedTypeNode,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { type Caller, denialOf } from "./denials.ts";
import type { RequirementTable } from "./requirement-table.ts";

export interface RootTypenameRequest {
  readonly schema: GraphQLSchema;
  readonly table: RequirementTable;
  readonly document: DocumentNode;
  /** The operation of the document that is about to be executed. */
  readonly operation: OperationDefinitionNode;
  /** As the client sent them. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  readonly caller: Caller;
}

interface Collection {
  readonly schema: GraphQLSchema;
  readonly rootType: GraphQLObjectType;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly variableValues: Record<string, unknown>;
  readonly visitedFragments: Set<string>;
  readonly found: Map<string, FieldNode[]>;
}

function isIncluded(node: SelectionNode, variableValues: Record<string, unknown>): boolean {
  if (getDirectiveValues(GraphQLSkipDirective, node, variableValues)?.if === true) return false;
  return getDirectiveValues(GraphQLIncludeDirective, node, variableValues)?.if !== false;
}

function fits(condition: NamedTypeNode | undefined, { schema, rootType }: Collection): boolean {
  const type = condition && schema.getType(condition.name.value);
  if (condition === undefined || type === rootType) return true;
  return isAbstractType(type) && schema.isSubType(type, rootType);
}

/** CollectFields of the GraphQL specification (section 6.3.2), for `__typename` alone; by response key. */
function collectTypenames(selectionSet: SelectionSetNode, into: Collection): void {
  for (const node of selectionSet.selections) {
    if (!isIncluded(node, into.variableValues)) continue;
    if (node.kind === Kind.FIELD) {
      const key = node.alias?.value ?? node.name.value;
      if (node.name.value === "__typename") into.found.set(key, [...(into.found.get(key) ?? []), node]);
      continue;
    }
    if (node.kind === Kind.FRAGMENT_SPREAD && into.visitedFragments.has(node.name.value)) continue;
    if (node.kind === Kind.FRAGMENT_SPREAD) into.visitedFragments.add(node.name.value);
    const fragment = node.kind === Kind.FRAGMENT_SPREAD ? into.fragments.get(node.name.value) : node;
    if (fragment !== undefined && fits(fragment.typeCondition, into)) collectTypenames(fragment.selectionSet, into);
  }
}

/** The root's `__typename` fields, aliases included; undefined where the variables do not fit, which execution will report. */
function rootTypenames(request: RootTypenameRequest, rootType: GraphQLObjectType): ReadonlyMap<string, readonly FieldNode[]> | undefined {
  const { schema, document, operation, variableValues } = request;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (coerced === undefined) return undefined;
  const definitions = document.definitions.filter((node) => node.kind === Kind.FRAGMENT_DEFINITION);
  const fragments = new Map(definitions.map((fragment) => [fragment.name.value, fragment]));
  const found = new Map<string, FieldNode[]>();
  collectTypenames(operation.selectionSet, { schema, rootType, fragments, variableValues: coerced, visitedFragments: new Set(), found });
  return found;
}

/**
 * graphql-js answers `__typename` itself, so nothing in the schema can guard that of a root type. To be asked before an operation
 * is executed: the whole answer where a caller who may not have the root type selects its `__typename` (which is non-null, so that
 * `data` is null), or undefined: execute. One look-up where no root type is guarded.
 */
export function denyRootTypename(request: RootTypenameRequest): ExecutionResult | undefined {
  const rootType = request.schema.getRootType(request.operation.operation);
  if (!rootType) return undefined;
  const requirement = request.table.types.get(rootType.name);
  if (requirement === undefined) return undefined;
  const denial = denialOf(request.caller, requirement, `${rootType.name}.__typename`);
  if (denial === undefined) return undefined;
  const errors = [...(rootTypenames(request, rootType) ?? [])].map(([key, nodes]) => locatedError(denial, nodes, [key]));
  return errors.length === 0 ? undefined : { data: null, errors };
}
