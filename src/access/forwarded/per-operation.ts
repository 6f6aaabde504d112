import type { DocumentNode, OperationDefinitionNode } from "graphql";
import type { OperationOfDocument } from "../document-types.ts";

/**
 * Computes what follows from an operation alone once, and remembers it as long as the document lives. By the document first: its
 * fragments are not the operation's own.
 */
export function perOperation<Value>(compute: (request: OperationOfDocument) => Value): (request: OperationOfDocument) => Value {
  const known = new WeakMap<DocumentNode, Map<OperationDefinitionNode, { readonly value: Value }>>();
  return (request) => {
    const { document, operation } = request;
    const ofDocument = known.get(document);
    const remembered = ofDocument?.get(operation);
    if (remembered !== undefined) return remembered.value;
    const value = compute(request);
    if (ofDocument === undefined) known.set(document, new Map([[operation, { value }]]));
    else ofDocument.set(operation, { value });
    return value;
  };
}
