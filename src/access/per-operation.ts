import type { DocumentNode, OperationDefinitionNode } from "graphql";
import { perObject } from "../core/per-object.ts";
import type { OperationOfDocument } from "./document-types.ts";

/**
 * Computes what follows from an operation alone once, and remembers it as long as the document lives. By the document first: its
 * fragments are not the operation's own.
 */
export function perOperation<Value>(compute: (request: OperationOfDocument) => Value): (request: OperationOfDocument) => Value {
  const valuesOf = perObject((document: DocumentNode) =>
    perObject((operation: OperationDefinitionNode) => compute({ document, operation })),
  );
  return ({ document, operation }) => valuesOf(document)(operation);
}
