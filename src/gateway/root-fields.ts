import { type FieldNode, type GraphQLObjectType, type GraphQLSchema, getVariableValues, visit } from "graphql";
import { collectFields, fragmentsOf } from "../access/collect-fields.ts";
import { getRootType, type OperationOfDocument } from "../access/document-types.ts";
import { perOperation } from "../access/forwarded/per-operation.ts";
import type { Operation } from "../graphql/operations.ts";

/** By response key, as they are included in one request. */
export type RootFields = ReadonlyMap<string, readonly FieldNode[]>;

export interface IncludedFields {
  readonly rootType: GraphQLObjectType;
  readonly fields: RootFields;
}

/** The root fields of a request; undefined where its variables do not fit, which execution will report. */
export type ReadRootFields = (request: Pick<Operation, "document" | "operation" | "variableValues">) => IncludedFields | undefined;

/** Where nothing is skipped or included on a condition they are the same objects for every request. */
export function createRootFieldsReader(schema: GraphQLSchema): ReadRootFields {
  const collect = ({ document, operation }: OperationOfDocument, variableValues: Record<string, unknown>): IncludedFields => {
    const rootType = getRootType(schema, operation);
    const collection = { schema, fragments: fragmentsOf(document), variableValues };
    return { rootType, fields: collectFields([operation.selectionSet], rootType, collection) };
  };
  const unconditional = perOperation((request) => (hasConditions(request) ? undefined : collect(request, {})));

  return (request) => {
    const known = unconditional(request);
    if (known !== undefined) return known;
    const { coerced } = getVariableValues(schema, request.operation.variableDefinitions ?? [], request.variableValues);
    return coerced && collect(request, coerced);
  };
}

function hasConditions({ document }: OperationOfDocument): boolean {
  let has = false;
  visit(document, {
    Directive({ name }) {
      if (name.value === "skip" || name.value === "include") has = true;
    },
  });
  return has;
}
