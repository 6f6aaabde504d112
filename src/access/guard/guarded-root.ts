import { type ExecutionResult, type GraphQLSchema, locatedError } from "graphql";
import { type Caller, denialOf } from "../denials.ts";
import type { RequirementTable } from "../requirements/requirement-table.ts";
import { type RequestOfOperation, readRootFields } from "../root-fields.ts";

/** The operation that is about to be executed, and the caller. */
export interface RootTypenameRequest extends RequestOfOperation {
  readonly schema: GraphQLSchema;
  readonly table: RequirementTable;
  readonly caller: Caller;
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
  // Found by name, so that aliases are among them. There are none where the variables do not fit, which execution will report.
  const fields = [...(readRootFields(request.schema, request)?.fields ?? [])];
  const typenames = fields.filter(([, [first]]) => first?.name.value === "__typename");
  const errors = typenames.map(([key, nodes]) => locatedError(denial, nodes, [key]));
  return errors.length === 0 ? undefined : { data: null, errors };
}
