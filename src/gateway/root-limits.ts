import {
  type ExecutionResult,
  isNonNullType,
  Kind,
  locatedError,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
} from "graphql";
import { type Fragments, fragmentsOf, responseKeyOf } from "../access/collect-fields.ts";
import type { IncludedFields, RootFields } from "../access/root-fields.ts";
import { AuthError } from "../core/errors.ts";
import { perObject } from "../core/per-object.ts";
import { isText, readResult } from "../graphql/answers.ts";
import type { RequestContext } from "../graphql/context.ts";
import { allFieldsQuotas, fieldQuotas } from "../graphql/limits/caller-quotas.ts";
import type { FieldLimit, LimitTable } from "../graphql/limits/limit-table.ts";
import { limitedCall } from "../graphql/limits/limited-call.ts";
import type { Operation } from "../graphql/operations.ts";
import type { ComposedGraph } from "./composition/composed-graph.ts";

/** The root fields whose calls come too soon, by response key. Undefined: none. */
export type RootLimits = (included: IncludedFields, context: RequestContext) => Promise<ReadonlyMap<string, AuthError> | undefined>;

interface LimitedField {
  readonly key: string;
  readonly coordinate: string;
  readonly limit: FieldLimit | undefined;
}

/**
 * Counts the calls of root fields that belong to graphs behind the gateway, each alias by itself, before anything else is done for them.
 * Those of the auth graph count their own.
 */
export function createRootLimits(table: LimitTable, isCounted: (coordinate: string) => boolean): RootLimits {
  const limitedFields = perObject(({ rootType, fields }: IncludedFields): readonly LimitedField[] =>
    [...fields].flatMap(([key, [node]]) => {
      const coordinate = `${rootType.name}.${node?.name.value}`;
      const limit = table.ofField(coordinate);
      const isLimited = isCounted(coordinate) && (limit !== undefined || table.ofCaller !== undefined);
      return isLimited ? [{ key, coordinate, limit }] : [];
    }),
  );

  return async (included, context) => {
    let refused: Map<string, AuthError> | undefined;
    for (const { key, coordinate, limit } of limitedFields(included)) {
      const own = limit === undefined ? [] : fieldQuotas(coordinate, { limit, context, detail: "" });
      const quotas = [...own, ...allFieldsQuotas(table, context)];
      const refusal = await context.auth.callLimits.count(quotas, () => limitedCall(coordinate, context));
      if (refusal === undefined) continue;
      refused ??= new Map();
      refused.set(key, new AuthError("RATE_LIMITED", refusal));
    }
    return refused;
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
  const { document, operation, context } = request;
  const included = graph.rootFieldsOf(request);
  if (included === undefined) return answer(request);
  const refused = await limits(included, context);
  if (refused === undefined) return answer(request);
  const { fields, rootType } = included;
  const admitted = withoutFields(operation, fragmentsOf(document), refused);
  const result = admitted === undefined ? { data: {} } : await answer({ ...request, ...replaceOperation(request, admitted) });
  return addRefused(isText(result) ? readResult(result) : result, fields, {
    refused,
    isNonNull: (name) => isNonNullType(rootType.getFields()[name]?.type),
  });
}

interface Refused {
  readonly refused: ReadonlyMap<string, AuthError>;
  isNonNull(fieldName: string): boolean;
}

function addRefused(result: ExecutionResult, fields: RootFields, { refused, isNonNull }: Refused): ExecutionResult {
  const errors = [...refused].map(([key, error]) => locatedError(error, fields.get(key), [key]));
  const isNulled = [...refused.keys()].some((key) => isNonNull(fields.get(key)?.[0]?.name.value ?? ""));
  // Refused as a whole: there is no answer that anything could be null in.
  if (result.data === undefined && result.errors !== undefined) return { ...result, errors: [...result.errors, ...errors] };
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
