import type { DocumentNode, FieldNode, OperationDefinitionNode, SelectionNode, SelectionSetNode } from "graphql";
import { Kind } from "graphql";
import type { Fragments } from "../access/collect-fields.ts";
import { responseKeyOf } from "../access/collect-fields.ts";
import { AuthError } from "../auth/errors.ts";
import type { RequestContext } from "../graphql/context.ts";
import { identifyCaller } from "../graphql/limits/identity.ts";
import type { LimitTable } from "../graphql/limits/limit-table.ts";

/** The calls of an operation's root fields that come too soon, by response key. Undefined: none. */
export type RootLimits = (rootType: string, fields: RootFields, context: RequestContext) => Promise<ReadonlyMap<string, AuthError> | undefined>;

/** Root fields by response key, as they are included in one request. */
export type RootFields = ReadonlyMap<string, readonly FieldNode[]>;

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

/** The same operation without some of its root fields; undefined where no field is left. The other nodes are the same objects. */
export function withoutRootFields(
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
      return [{ kind: Kind.INLINE_FRAGMENT, ...(typeCondition && { typeCondition }), directives: node.directives ?? [], selectionSet: inner }];
    });
    return selections.length === 0 ? undefined : { ...set, selections };
  }
}

/** The document with this operation in place of another. */
export function withOperation(document: DocumentNode, replaced: OperationDefinitionNode, operation: OperationDefinitionNode): DocumentNode {
  return { ...document, definitions: document.definitions.map((node) => (node === replaced ? operation : node)) };
}
