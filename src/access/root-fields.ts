import { type FieldNode, type GraphQLObjectType, type GraphQLSchema, getVariableValues, visit } from "graphql";
import { collectFields, fragmentsOf } from "./collect-fields.ts";
import { getRootType, type OperationOfDocument } from "./document-types.ts";
import { perOperation } from "./per-operation.ts";

/** The root fields by response key. */
export type RootFields = ReadonlyMap<string, readonly FieldNode[]>;

/** The root fields that one request includes. */
export interface IncludedFields {
  readonly rootType: GraphQLObjectType;
  readonly fields: RootFields;
}

export interface RequestOfOperation extends OperationOfDocument {
  /** The variables as the client sent them. */
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
}

/** The root fields of a request; undefined where its variables do not fit, which execution will report. */
export type ReadRootFields = (request: RequestOfOperation) => IncludedFields | undefined;

/** Reads root fields, as the same objects for every request where nothing is skipped or included on a condition. */
export function createRootFieldsReader(schema: GraphQLSchema): ReadRootFields {
  const unconditional = perOperation((request) => (hasConditions(request) ? undefined : collect(schema, request, {})));
  return (request) => unconditional(request) ?? readRootFields(schema, request);
}

/** Reads root fields of a schema that is asked about rarely: nothing is remembered. */
export function readRootFields(schema: GraphQLSchema, request: RequestOfOperation): IncludedFields | undefined {
  const { coerced } = getVariableValues(schema, request.operation.variableDefinitions ?? [], request.variableValues ?? {});
  return coerced && collect(schema, request, coerced);
}

function collect(
  schema: GraphQLSchema,
  { document, operation }: OperationOfDocument,
  variableValues: Record<string, unknown>,
): IncludedFields {
  const rootType = getRootType(schema, operation);
  const collection = { schema, fragments: fragmentsOf(document), variableValues };
  return { rootType, fields: collectFields([operation.selectionSet], rootType, collection) };
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
