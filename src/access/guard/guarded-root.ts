import {
  type DocumentNode,
  type ExecutionResult,
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLSchema,
  getVariableValues,
  locatedError,
  type OperationDefinitionNode,
} from "graphql";
import { collectFields, fragmentsOf } from "../collect-fields.ts";
import { type Caller, denialOf } from "../denials.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";

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

/** The root's `__typename` fields, aliases included; undefined where the variables do not fit, which execution will report. */
function rootTypenames(request: RootTypenameRequest, rootType: GraphQLObjectType): ReadonlyMap<string, readonly FieldNode[]> | undefined {
  const { schema, document, operation, variableValues } = request;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {});
  if (coerced === undefined) return undefined;
  const collection = { schema, fragments: fragmentsOf(document), variableValues: coerced };
  const fields = [...collectFields([operation.selectionSet], rootType, collection)];
  return new Map(fields.filter(([, [first]]) => first?.name.value === "__typename"));
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
