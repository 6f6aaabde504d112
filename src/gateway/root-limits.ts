import {
  type ExecutionResult,
  type FieldNode,
  getVariableValues,
  isNonNullType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { collectFields, type Fragments, fragmentsOf, responseKeyOf } from "../access/collect-fields.ts";
import { getRootType } from "../access/document-types.ts";
import { AuthError } from "../auth/errors.ts";
import type { RequestContext } from "../graphql/context.ts";
import { identifyCaller } from "../graphql/limits/identity.ts";
import type { LimitTable } from "../graphql/limits/limit-table.ts";
import type { Operation } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composed-graph.ts";

/** Root fields by response key, as they are included in one request. */
type RootFields = ReadonlyMap<string, readonly FieldNode[]>;

/** The root fields whose calls come too soon, by response key. Undefined: none. */
export type RootLimits = (
  rootType: string,
  fields: RootFields,
  context: RequestContext,
) => Promise<ReadonlyMap<string, AuthError> | undefined>;

/**
 * Counts the calls of root fields that belong to graphs behind the gateway, each alias by itself, before anything else is done for them.
 * Those of the auth graph count their own.
 */
export function createRootLimits(table: LimitTable, isCounted: (coordinate: string) => boolean): RootLimits {
  return async (rootType, fields, context) => {
    const refused = new Map<string, AuthError>();
    for (const [key, [node]] of fields) {
      const coordinate = `${rootType}.${node?.name.value}`;
      const limit = isCounted(coordinate) ? table.ofField(coordinate) : undefined;
      if (limit === undefined) continue;
      const refusal = await context.auth.callLimits.count({ key: `${coordinate} ${identifyCaller(coordinate, context)}`, limit });
      if (refusal !== undefined) refused.set(key, new AuthError("RATE_LIMITED", { retryAfterSeconds: refusal.retryAfterSeconds }));
    }
    return refused.size === 0 ? undefined : refused;
  };
}

interface Limiting<Answer> {
  readonly graph: ComposedGraph;
  readonly limits: RootLimits;
  answer(admitted: Operation): Promise<Answer>;
}

/** Answers what is admitted; the other root fields are null, with an error that says when to come back. */
export async function limitRootFields<Answer extends object>(
  request: Operation,
  { graph, limits, answer }: Limiting<Answer>,
): Promise<Answer | ExecutionResult> {
  const { document, operation, variableValues, context } = request;
  const { schema } = graph.access;
  const { coerced } = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues);
  // Execution will say what is wrong.
  if (coerced === undefined) return answer(request);
  const rootType = getRootType(schema, operation);
  const fragments = fragmentsOf(document);
  const fields = collectFields([operation.selectionSet], rootType, { schema, fragments, variableValues: coerced });
  const refused = await limits(rootType.name, fields, context);
  if (refused === undefined) return answer(request);
  const admitted = withoutFields(operation, fragments, refused);
  const result = admitted === undefined ? { data: {} } : await answer({ ...request, ...replaceOperation(request, admitted) });
  return addRefused(result, fields, { refused, isNonNull: (name) => isNonNullType(rootType.getFields()[name]?.type) });
}

interface Refused {
  readonly refused: ReadonlyMap<string, AuthError>;
  isNonNull(fieldName: string): boolean;
}

function addRefused(result: ExecutionResult, fields: RootFields, { refused, isNonNull }: Refused): ExecutionResult {
  const errors = [...refused].map(([key, error]) => locatedError(error, fields.get(key), [key]));
  const isNulled = [...refused.keys()].some((key) => isNonNull(fields.get(key)?.[0]?.name.value ?? ""));
  const { data = null } = result;
  const keys = [...fields.keys()].filter((key) => refused.has(key) || (data !== null && key in data));
  const whole = isNulled || data === null ? null : Object.fromEntries(keys.map((key) => [key, refused.has(key) ? null : data[key]]));
  return { ...result, data: whole, errors: [...(result.errors ?? []), ...errors] };
}

/** The same operation without some of its root fields; undefined where no field is left. The other nodes are the same objects. */
function withoutFields(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  keys: { has(key: string): boolean },
): OperationDefinitionNode | undefined {
  const selectionSet = without(operation.selectionSet);
  return selectionSet && { ...operation, selectionSet };

  function without(set: SelectionSetNode): SelectionSetNode | undefined {
    const selections = set.selections.flatMap((node): readonly SelectionNode[] => {
      if (node.kind === Kind.FIELD) return keys.has(responseKeyOf(node)) ? [] : [node];
      const fragment = node.kind === Kind.FRAGMENT_SPREAD ? fragments.get(node.name.value) : node;
      const inner = fragment && without(fragment.selectionSet);
      if (inner === undefined) return [];
      const { typeCondition } = fragment ?? {};
      return [
        { kind: Kind.INLINE_FRAGMENT, ...(typeCondition && { typeCondition }), directives: node.directives ?? [], selectionSet: inner },
      ];
    });
    return selections.length === 0 ? undefined : { ...set, selections };
  }
}

function replaceOperation(
  { document, operation: replaced }: Operation,
  operation: OperationDefinitionNode,
): Pick<Operation, "document" | "operation"> {
  return { operation, document: { ...document, definitions: document.definitions.map((node) => (node === replaced ? operation : node)) } };
}
