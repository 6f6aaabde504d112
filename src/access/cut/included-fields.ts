import { type FieldNode, type GraphQLSchema, getVariableValues, Kind, type SelectionSetNode } from "graphql";
import { fragmentsOf, isIncluded } from "../collect-fields.ts";
import type { OperationOfDocument } from "../document-types.ts";

export interface IncludedRequest extends OperationOfDocument {
  readonly schema: GraphQLSchema;
  /** The variables as the client sent them. */
  readonly variableValues: Readonly<Record<string, unknown>>;
}

/** The fields that no `@skip` and no `@include` leaves out, whatever their types; undefined where the variables do not fit. */
export function listIncluded({ schema, document, operation, variableValues }: IncludedRequest): ReadonlySet<FieldNode> | undefined {
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues);
  if (coerced === undefined) return undefined;
  const variables = coerced;
  const fragments = fragmentsOf(document);
  const included = new Set<FieldNode>();
  const visited = new Set<SelectionSetNode>();

  function visit(set: SelectionSetNode | undefined): void {
    if (set === undefined || visited.has(set)) return;
    visited.add(set);
    for (const node of set.selections.filter((each) => isIncluded(each, variables))) {
      if (node.kind === Kind.FIELD) included.add(node);
      visit(node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value)?.selectionSet : node.selectionSet);
    }
  }

  visit(operation.selectionSet);
  return included;
}
