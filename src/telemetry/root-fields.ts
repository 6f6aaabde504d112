import { type DocumentNode, Kind, type OperationDefinitionNode, type SelectionSetNode } from "graphql";

/** The names of an operation's root fields, and under which keys their answers are given. */
export type RootFields = ReadonlyMap<string, ReadonlySet<string>>;

/** All of `__schema`, `__type` and `__typename`. */
const META_FIELD = "introspection";

/** Remembers what it has read for as long as somebody else keeps the document: those of clients are few, and come again and again. */
export function createRootFields(): (document: DocumentNode, operation: OperationDefinitionNode) => RootFields {
  const known = new WeakMap<OperationDefinitionNode, RootFields>();
  return (document, operation) => {
    const found = known.get(operation);
    if (found !== undefined) return found;
    const fields = readRootFields(document, operation);
    known.set(operation, fields);
    return fields;
  };
}

/** Of a validated operation: so the names are the schema's, few, and fit to be labels. Conditions (`@skip`) are not looked at. */
function readRootFields(document: DocumentNode, operation: OperationDefinitionNode): RootFields {
  const fields = new Map<string, Set<string>>();
  const visited = new Set<string>();

  function read({ selections }: SelectionSetNode): void {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) add(selection.name.value, selection.alias?.value ?? selection.name.value);
      else if (selection.kind === Kind.INLINE_FRAGMENT) read(selection.selectionSet);
      else readFragment(selection.name.value);
    }
  }

  function readFragment(name: string): void {
    if (visited.has(name)) return;
    visited.add(name);
    const fragment = document.definitions.find((each) => each.kind === Kind.FRAGMENT_DEFINITION && each.name.value === name);
    if (fragment?.kind === Kind.FRAGMENT_DEFINITION) read(fragment.selectionSet);
  }

  function add(name: string, key: string): void {
    const label = name.startsWith("__") ? META_FIELD : name;
    const keys = fields.get(label) ?? new Set();
    keys.add(key);
    fields.set(label, keys);
  }

  read(operation.selectionSet);
  return fields;
}
