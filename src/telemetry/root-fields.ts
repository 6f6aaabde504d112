import { collectWrittenFields, fragmentsOf } from "../access/collect-fields.ts";
import type { OperationOfDocument } from "../access/document-types.ts";
import { perOperation } from "../access/per-operation.ts";

/** The names of an operation's root fields, and under which keys their answers are given. */
export type RootFieldNames = ReadonlyMap<string, ReadonlySet<string>>;

/** All of `__schema`, `__type` and `__typename`. */
const META_FIELD = "introspection";

/** Remembers what it has read for as long as somebody else keeps the document: those of clients are few, and come again and again. */
export function createRootFieldNames(): (request: OperationOfDocument) => RootFieldNames {
  return perOperation(readNames);
}

/** Reads the root fields of a validated operation: names of the schema, few, and fit to be labels. `@skip` and `@include` are ignored. */
function readNames({ document, operation }: OperationOfDocument): RootFieldNames {
  const names = new Map<string, Set<string>>();
  for (const [key, nodes] of collectWrittenFields(operation.selectionSet, fragmentsOf(document))) {
    for (const { name } of nodes) {
      const label = name.value.startsWith("__") ? META_FIELD : name.value;
      names.set(label, (names.get(label) ?? new Set<string>()).add(key));
    }
  }
  return names;
}
